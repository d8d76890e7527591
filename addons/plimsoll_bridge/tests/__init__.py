from . import test_compare
from . import test_fence
from . import test_handlers
from . import test_inbox
from . import test_outbox
from . import test_commands
from . import test_recovery
from . import test_fallback
