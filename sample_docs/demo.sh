#!/bin/sh
# What `make demo` runs: the sample company's documents, and three questions.
set -eu
run() { printf '\n$ rag'; for word in "$@"; do case $word in *\ *|*？*) printf ' "%s"' "$word";; *) printf ' %s' "$word";; esac; done; printf '\n'; "$RAG" "$@"; }

run setup --bundled
run ingest sample_docs
run ask "How many days of annual leave do Dublin staff get in 2025?"
run ask "慶弔休暇は何日もらえますか？"
run ask "Who won the 1998 World Cup?" || [ $? -eq 6 ]
