"""Tracing: where a code was seen, who passed a site. A process, a store and, at best, a user of their own.

    line      what the hub hands over: bounded, by a credential of our own
    index     the store: entries with their sealed parts still sealed, found again by keyed tags
    schema    its tables, and how an older store comes by what it lacks
    intake    proves what the hub hands over against heads that the appliances signed, and takes it in
    vouching  which appliances are the authority's own, and where they stand: people's word, not the hub's
    question  what may be asked, each with person and reason in a log that cannot be changed
    tracers   who may ask, each by a password of their own
    counter   where they ask: a socket of the process, which alone has store and key

Nobody's name lies in the store in clear: parts are opened for the moment of an answer, by the key that the hub never
has, and a code is found by its tag, whose key follows from the authority's secret.
"""
