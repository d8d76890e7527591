{
    "name": "Plimsoll Session",
    "summary": "Web sessions in Redis, so that a login survives the loss of a web process",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "Plimsoll",
    "license": "LGPL-3",
    "depends": ["base"],
    "external_dependencies": {"python": ["redis"]},
    # Works as a server-wide module (server_wide_modules = base,web,plimsoll_session); it needs no
    # installation in a database, and is installed only to run its tests.
    "installable": True,
}
