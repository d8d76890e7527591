# Enough for any drill: a drill that ran out of stock would measure that instead of a recovery.
ON_HAND = 1_000_000


def put_stock_on_hand(env):
    """Through an inventory count, as a person would: written directly, stock and its moves disagree."""
    products = env["product.product"].search([("default_code", "like", "PLS-")])
    warehouses = env["stock.warehouse"].search([("code", "in", ("NORTH", "SOUTH"))])
    quants = env["stock.quant"].with_context(inventory_mode=True).create(
        [
            {"product_id": product.id, "location_id": warehouse.lot_stock_id.id, "inventory_quantity": ON_HAND}
            for warehouse in warehouses
            for product in products
        ]
    )
    quants.action_apply_inventory()
