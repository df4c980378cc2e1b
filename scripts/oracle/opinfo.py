"""PyTorch's list of operator tests. Its module imports packages that only PyTorch's test cases need: stand-ins do where they are missing."""
import importlib.util
import sys
import types
import unittest


def _stand_in(name, **attributes):
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(attributes)


_stand_in("expecttest", TestCase=unittest.TestCase, ACCEPT=False)

from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402


def full_name(op):
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


BY_NAME = {full_name(op): op for op in op_db}
