"""`scene`: what is on the screen: find it, click it, wait for it."""
