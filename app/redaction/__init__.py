"""Redaction: words that should never have been entered are struck out of every place that holds words of a case."""
