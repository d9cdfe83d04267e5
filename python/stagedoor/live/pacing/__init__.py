"""When a frame goes on: pause, step and time scale, the hold, the budget of a tick."""
