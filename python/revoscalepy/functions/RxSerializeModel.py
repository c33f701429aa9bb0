"""Models as bytes, in a format that runs no code when it is read (docs/spec/model.md)."""

from __future__ import annotations

from typing import Any

from revoscalepy._fitted import FittedModel

_MAGIC = b"XDFMODEL"


def rx_serialize_model(model: FittedModel, realtime_scoring_only: bool = False) -> bytes:
    """Return a fitted model as bytes: those of the files that ``xdf fit`` writes, and ``xdf predict`` reads.

    They hold the model, not the data, and later releases read them.

    :param model: what a function of this package fitted.
    :param realtime_scoring_only: no effect: there is one format, which has no parts of Python.
    :raises TypeError: for any other object; :func:`rx_write_object` keeps those, too.
    """
    if not isinstance(model, FittedModel):
        raise TypeError(
            f"rx_serialize_model: an object of type {type(model).__name__} is not a model of this package"
        )
    return bytes(model._model.to_bytes())


def rx_unserialize_model(serialized_model: bytes, *, allow_pickle: bool = False) -> Any:
    """Return the model that :func:`rx_serialize_model` or ``xdf fit`` wrote.

    :param serialized_model: the bytes.
    :param allow_pickle: also take pickled objects. **Reading a pickle runs any code that it holds**: allow it only for
        bytes that you trust.
    :raises ValueError: for bytes that are no model, that are cut short or damaged, or that a later release wrote.
    """
    data = bytes(serialized_model)
    if data.startswith(_MAGIC):
        return _of_kind(data)
    if not allow_pickle:
        raise ValueError(
            "rx_unserialize_model: the bytes are not a model of this package; if they are a pickle that you trust, "
            "set allow_pickle=True, which runs any code that it holds"
        )
    return unpickled(data)


def unpickled(data: bytes) -> Any:
    """The object of a pickle."""
    import pickle

    try:
        return pickle.loads(data)
    except (pickle.UnpicklingError, EOFError, IndexError, ValueError) as error:
        raise ValueError(f"the bytes are not a pickle: {error}") from None


def _of_kind(data: bytes) -> FittedModel:
    from revoscalepy import _native
    from revoscalepy.functions.RxGlm import RxGlmResults
    from revoscalepy.functions.RxKmeans import RxKmeansResults
    from revoscalepy.functions.RxLinMod import RxLinModResults
    from revoscalepy.functions.RxLogit import RxLogitResults
    from revoscalepy.functions.RxNaiveBayes import RxNaiveBayesResults

    def generalized(model: _native.GlmModel) -> FittedModel:
        return RxLogitResults(model) if model.is_logit() else RxGlmResults(model)

    readers: list[tuple[Any, Any]] = [
        (_native.LinearModel, RxLinModResults),
        (_native.GlmModel, generalized),
        (_native.Clusters, RxKmeansResults),
        (_native.Classifier, RxNaiveBayesResults),
    ]
    refused = ""
    for native, shaped in readers:
        try:
            model = native.from_bytes(data)
        except ValueError as error:
            refused = str(error)
            if "a model of kind" not in refused:
                # damaged, or of a later release: no kind will read it
                raise
            continue
        return shaped(model)  # type: ignore[no-any-return]
    raise ValueError(f"rx_unserialize_model: {refused}")
