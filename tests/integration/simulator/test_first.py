from tests.simulated import Simulator


def test_truth(simulator: Simulator) -> None:
    assert len(simulator.truth("customers")) > 10
    row = simulator.edit("customers", fields={"name": "x"}, op="set")
    assert row["id"] == 1_000_001
