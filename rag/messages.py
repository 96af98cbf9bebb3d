"""What the product itself says, in the language of the question."""

from __future__ import annotations

_TEXTS: dict[str, dict[str, str]] = {
    "evidence": {"en": "Evidence", "ja": "根拠"},
    "answer": {"en": "Answer", "ja": "回答"},
    "checked": {"en": "{model}, checked against {marks}", "ja": "{model}、{marks} と照合済み"},
    "quoted": {"en": "first quote", "ja": "最上位の引用"},
    "refused": {
        "en": "Not in these documents (nearest: {nearest}). Nothing was made up.",
        "ja": "この文書群には見当たりません（最も近い箇所：{nearest}）。推測はしていません。",
    },
    "refused_empty": {
        "en": "Not in these documents. Nothing was made up.",
        "ja": "この文書群には見当たりません。推測はしていません。",
    },
    "nearest": {"en": "Nearest passages", "ja": "最も近い箇所"},
    "set_aside": {
        "en": "Set aside: the sources do not bear this out",
        "ja": "採用しなかった記述（出典の裏付けなし）",
    },
    "unchecked": {
        "en": "Unchecked: nothing contradicts this, but it could not be confirmed",
        "ja": "未確認（矛盾はないが確認できない記述）",
    },
    "differ": {"en": "Sources differ: {values}", "ja": "出典により異なります：{values}"},
    "changed": {"en": "changed since it was read", "ja": "読み込み後に変更あり"},
    "also": {"en": "also in {paths}", "ja": "同文：{paths}"},
    "no_model": {
        "en": "No instruct model is set up, so these are the quotes alone. Get one: rag setup",
        "ja": "回答を書くモデルがないため、引用だけを表示しています。入手するには：rag setup",
    },
    "model_language": {
        "en": "{model} does not read the language of this question and was not run.",
        "ja": "{model} は日本語に対応していないため、実行していません。",
    },
    "model_failed": {
        "en": "The model could not answer ({reason}); these are the quotes alone.",
        "ja": "モデルが回答できませんでした（{reason}）。引用だけを表示しています。",
    },
    "model_ended": {
        "en": "The model could not go on ({reason}); what it wrote before was checked as ever.",
        "ja": "モデルが途中で停止しました（{reason}）。それまでの記述は通常どおり確認済みです。",
    },
    "nothing_stated": {
        "en": "The model stated nothing, so the first quote stands as the answer.",
        "ja": "モデルは何も述べなかったため、最上位の引用を回答とします。",
    },
    "nothing_supported": {
        "en": "Nothing the model wrote was borne out by the sources, so the first quote stands as the answer.",
        "ja": "モデルの記述は出典で裏付けられなかったため、最上位の引用を回答とします。",
    },
    "not_sure": {
        "en": "{model} is too small to be trusted with this question, so the first quote stands as the answer.",
        "ja": "{model} は小さく、この質問では信頼できないため、最上位の引用を回答とします。",
    },
    "asked_as": {"en": "Asked as: {question}", "ja": "補った質問：{question}"},
    "slip": {
        "en": 'No document has "{typed}": read as "{read}". To search for it as typed, put it in quotation marks.',
        "ja": "「{typed}」はどの文書にもなく「{read}」として扱いました。そのまま検索するには引用符で囲みます。",
    },
    "no_vectors": {
        "en": "Searching by words alone: no embedding model is set up. Get one: rag setup",
        "ja": "単語だけで検索しています（埋め込みモデルなし）。入手するには：rag setup",
    },
    "no_dense": {
        "en": "There is no search by meaning without an embedding model: these were found by words. Get one: rag setup",
        "ja": "埋め込みモデルがないため意味では検索できず、単語だけで検索しました。入手するには：rag setup",
    },
    "seconds_evidence": {"en": "evidence {seconds:.1f} s", "ja": "根拠 {seconds:.1f} 秒"},
    "seconds_answer": {"en": "answer {seconds:.1f} s", "ja": "回答 {seconds:.1f} 秒"},
    "seconds_reranker": {"en": "reranker {seconds:.1f} s", "ja": "並べ替え {seconds:.1f} 秒"},
    "shares": {
        "en": "weights of this question: words {words:.2f}, meaning {meaning:.2f}",
        "ja": "この質問の重み：語 {words:.2f}、意味 {meaning:.2f}",
    },
    "no_passage": {"en": "No passage matches.", "ja": "一致する箇所はありません。"},
    "no_document": {
        "en": "No document matches {patterns}. See: rag list",
        "ja": "{patterns} に一致する文書はありません。一覧：rag list",
    },
    "waiting": {
        "en": "{count} passages still wait for their vectors. Run: rag ingest",
        "ja": "{count} 件の文章がまだベクトル化されていません。実行：rag ingest",
    },
    "unread": {
        "en": "Question and passages were not read together: {why} Make it anew: rag setup",
        "ja": "質問と文章を合わせて読むことができませんでした：{why} 作り直す：rag setup",
    },
    "lexical_behind": {
        "en": "{count} passages are missing from the word index and are found by meaning alone. Run: rag ingest",
        "ja": "{count} 件の文章が単語索引になく、意味だけで検索しています。実行：rag ingest",
    },
    "dense_behind": {
        "en": "{count} passages are missing from the vector index and are found by their words alone. Run: rag ingest",
        "ja": "{count} 件の文章がベクトル索引になく、単語だけで検索しています。実行：rag ingest",
    },
    "left_machine": {
        "en": "The question and the quotes were sent to {host}.",
        "ja": "質問と引用は {host} に送信されました。",
    },
}


def say(key: str, language: str, **values: object) -> str:
    """One of the product's own sentences; `language` is "ja" or "en"."""
    return _TEXTS[key][language].format(**values)
