"""What the readers of office formats share: packages of XML, encryption, numbering, tables."""
