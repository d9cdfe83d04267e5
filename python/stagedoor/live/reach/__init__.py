"""How clients reach into a game: roots, paths from there, and what may be seen on the way.

    roots    what the game has exposed, by name
    rules    what is a leaf, and what is hidden from whom: ONE place decides
    plain    how an object is read without running any code of its types
    stored   properties of frameworks that only give back an attribute
    vectors  types in C that are made of numbers
    arrays   arrays of numpy
    handles  names for objects to which no path leads
    keys     keys of dicts and members of sets, and how a path names them
    members  what is one step below a value: its attributes and its items
    walk     `resolve(roots, path, role)`: the value at a path
    preview  what a value looks like, in 100 characters that we make
    node     a value as clients see it
    setting  what may be put into the place of a value, and how
    calling  what may be called

Nothing here runs code of the game unless it is told to `evaluate`. So no value is asked for its
length, its truth, its class, its text or anything else: `type(x)` is read, the dicts of its bases,
and methods of exact built-in types are called on it. Game thread only.
"""
