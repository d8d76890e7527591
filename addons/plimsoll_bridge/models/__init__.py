from . import fence
from . import inbox
from . import handle_order
from . import handle_shipment
from . import handle_invoice
from . import outbox
from . import outbox_events
