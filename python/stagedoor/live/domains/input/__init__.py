"""`input`: keys, text, the pointer and a gamepad, as a player would use them."""
