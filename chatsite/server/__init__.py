"""Daphne with limits, back-pressure and a clean end; `manage.py serve` runs it.

    limits      what one connection may ask of the process
    pressure    waiting for a slow reader, and for a slow consumer
    http        a connection that speaks HTTP, bounded while a request arrives
    requests    one request, its body counted
    websockets  a WebSocket, bounded in what it takes in
    answers     what the server answers by itself
    drain       the end, in order
    server      all of it together
    loop        Twisted on uvloop

Plain `daphne chatsite.asgi:application` and `manage.py runserver` serve the same application without these.
This package imports nothing: it is an app of Django's, which each command loads, and most serve nobody.
"""
