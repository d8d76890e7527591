from . import test_store
