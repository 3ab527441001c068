import pytest

from tests.delivery.rig import Rig


@pytest.fixture
def make_rig(tmp_path):
    """Make rigs whose event loops are closed when the test is over."""
    rigs = []

    def make(*arguments, **more):
        rig = Rig(tmp_path, *arguments, **more)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs:
        rig.loop.close()
