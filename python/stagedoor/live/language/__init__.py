"""The small languages that clients write: paths, selectors, conditions.

Text in, syntax tree out: nothing here knows a game, and nothing is evaluated. All three share the
tokenizer and the error in `tokens.py`.
"""
