{
    "name": "Plimsoll Bridge",
    "summary": "Every integration message applied once, every effect announced, old writers refused",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "Plimsoll",
    "license": "LGPL-3",
    "depends": ["sale_stock", "purchase_stock", "delivery", "account"],
    "data": [
        "security/plimsoll_security.xml",
        "security/ir.model.access.csv",
        "data/integration_user.xml",
        "data/sequences.xml",
        "views/plimsoll_views.xml",
        "views/recovery_views.xml",
    ],
    "installable": True,
}
