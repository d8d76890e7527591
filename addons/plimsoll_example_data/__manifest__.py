{
    "name": "Plimsoll Example Data",
    "summary": "An example distributor with two warehouses, for drills and tests",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "Plimsoll",
    "license": "LGPL-3",
    "depends": ["plimsoll_bridge"],
    "data": [
        "data/warehouses.xml",
        "data/partners.xml",
        "data/product.product.csv",
    ],
    "post_init_hook": "put_stock_on_hand",
    "installable": True,
}
