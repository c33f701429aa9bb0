"""Microsoft's container 4.2 as an output: the option xdfFormat."""

import numpy as np
import pandas as pd
import pytest

from revoscalepy import rx_import, rx_lin_mod, rx_predict


@pytest.mark.parametrize("name", ["airports", "hr-attrition", "mtcars", "mtcars-filtered"])
def test_a_file_that_is_not_changed_keeps_its_bytes(name, shared, tmp_path, options):
    original = shared / "xdf-microsoft" / f"{name}.xdf"
    five = rx_import(str(original), str(tmp_path / "five.xdf"))
    options.set_option("xdfFormat", "4.2")
    for source in (str(original), five):
        rx_import(source, str(tmp_path / "again.xdf"), overwrite=True)
        assert (tmp_path / "again.xdf").read_bytes() == original.read_bytes()


def test_frames_and_predictions_go_into_it(tmp_path, options):
    options.set_option("xdfFormat", "4.2")
    frame = pd.DataFrame({"x": np.arange(5, dtype=np.int32), "y": [1.0, 3.0, 5.0, np.nan, 9.0]})
    path = tmp_path / "a.xdf"
    rx_import(frame, str(path))
    assert path.read_bytes()[:4] == bytes([0xF4, 0xD3, 0xD2, 0xD1])
    assert rx_import(str(path))["y"].tolist()[:3] == [1.0, 3.0, 5.0]
    predicted = rx_predict(rx_lin_mod("y ~ x", str(path)), str(path), str(tmp_path / "p.xdf"))
    assert (tmp_path / "p.xdf").read_bytes()[-8:] == path.read_bytes()[-8:]
    assert rx_import(predicted)["y_Pred"].tolist() == pytest.approx([1, 3, 5, 7, 9])


def test_inferred_types_are_refused_unless_they_are_allowed(tmp_path, options):
    options.set_option("xdfFormat", "4.2")
    frame = pd.DataFrame({"id": np.arange(3, dtype=np.int64)})
    path = tmp_path / "a.xdf"
    with pytest.raises(ValueError, match=r"column 'id'.*Int64.*cast it to int32 or float64"):
        rx_import(frame, str(path))
    assert not path.exists()
    options.set_option("xdfAllowInferred", True)
    assert rx_import(rx_import(frame, str(path)))["id"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"'5', '4\.2'"):
        options.set_option("xdfFormat", "3.1")
