"""Corpus, tokenizer, model and training of the embedded demo model."""
