"""What is kept of a model: states of several columns, by their roles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.classes import Classes, in_order
from lakedrift.errors import ConfigError
from lakedrift.feature import Feature, Role
from lakedrift.observed import MOST_SHIFT, Scale, Terms
from lakedrift.slicing import Slices
from lakedrift.summaries.importance import Importance
from lakedrift.summaries.joint import Joint
from lakedrift.summaries.outcome import Outcome
from lakedrift.summaries.residuals import Residuals
from lakedrift.summary import Joined, StateKey

__all__ = ["model_states"]

FEW = 20  # different integers, up to which they are classes, as those of features are
BINARY = ("0", "1")
UNITS = 45  # bits of the largest number of the sample
SLICED = ("numeric", "categorical", "boolean")  # kinds of columns that errors are seen by
NUMBERS = ("integer", "floating", "decimal", "bool")
Sample = Mapping[str, Sequence[pa.Array]]


def model_states(features: Sequence[Feature], sample: Sample) -> dict[StateKey, Joined]:
    """Return the empty states of a model whose columns have roles.

    Whether the model tells classes or numbers, its label says: text, booleans, 0 and 1, and at most 20 different integers are
    classes; numbers of which the sample has others are numbers.

    Raises
    ------
    ConfigError
        If a column cannot have the role that it has.
    """
    attributions = tuple(one.name for one in features if one.role == "attribution")
    states: dict[StateKey, Joined] = {}
    if len(attributions) > 1:  # one alone has no rank
        arrays = [array for name in attributions for array in sample.get(name, ())]
        states["importance", attributions] = Importance(Scale(_unit(_doubles(arrays))), len(attributions))
    return states | _of_label(features, sample)


def _of_label(features: Sequence[Feature], sample: Sample) -> dict[StateKey, Joined]:
    """Return the states of what a model said and what came true; none where there is no label."""
    of: dict[Role, Feature] = {one.role: one for one in features if one.role not in ("feature", "attribution")}
    if "label" not in of:
        return {}
    for role in ("score", "value"):
        if role in of and columns.family(of[role].dtype) not in (*NUMBERS, "null"):
            msg = f"column {of[role].name!r} is {of[role].dtype} and cannot be a {role}"
            raise ConfigError(msg, hint="a score and a value are numbers")
    classes = _classes(of, sample)
    if classes is None:
        says = of.get("prediction", of.get("score"))
        pair = (of["label"].name, says.name if says else "")
        scale = _scale(*(sample.get(name, ()) for name in pair))
        return {("residuals", pair): Residuals.new(scale)} | _joint(pair, scale, features, sample)
    roles = [role for role in ("label", "prediction", "score", "value") if role in of]
    unit = _unit(_doubles(sample.get(of["value"].name, ()))) if "value" in of else 0
    terms = Terms(tuple(roles), classes, unit)
    said = tuple(of[role].name for role in roles)
    plain = Terms(tuple(role for role in roles if role != "value"), classes)
    columns_of_model = tuple(name for role, name in zip(roles, said, strict=True) if role != "value")
    return {("outcome", said): Outcome.new(terms)} | _joint(columns_of_model, plain, features, sample)


def _joint(
    names: tuple[str, ...], reading: Terms | Scale, features: Sequence[Feature], sample: Sample
) -> dict[StateKey, Joined]:
    """Return the state by bins of all columns that a model may look at."""
    watched = [one for one in features if one.role == "feature" and one.kind in SLICED]
    label = Slices.of_sample(names[0], sample.get(names[0], ()), numbers=isinstance(reading, Scale))
    if isinstance(reading, Terms) and reading.classes:
        label = Slices(names[0], None, tuple(sorted(reading.classes)))
    slices = [Slices.of_sample(one.name, sample.get(one.name, ()), numbers=one.kind == "numeric") for one in watched]
    return {("joint", (*names, *(one.column for one in slices))): Joint(reading, label, slices)} if slices else {}


def _classes(of: Mapping[Role, Feature], sample: Sample) -> tuple[str, ...] | None:
    """Return the negative and the positive of two classes, () where there are more; None where labels are numbers."""
    label = of["label"]
    if label.kind in ("temporal", "unsupported", "identifier"):
        msg = f"column {label.name!r} is {label.dtype}, read as {label.kind}, and cannot be a label"
        raise ConfigError(msg, hint="kinds={...} or --categorical say how it is read")
    arrays = sample.get(label.name, ())
    found = in_order({name for array in arrays for name, times in Classes.of(array).times().items() if times})
    if label.kind == "boolean" or (label.kind == "numeric" and set(found) <= set(BINARY)):
        found = list(BINARY)
    fractions = label.kind == "numeric" and not (len(found) <= FEW and all(_is_whole(name) for name in found))
    if fractions or _says_fractions(of, sample):
        return None
    if len(found) == 2:
        return found[0], found[1]
    if "prediction" not in of:
        msg = f"column {label.name!r} has {len(found)} classes, and a score alone does not say which one is predicted"
        raise ConfigError(msg, hint="name the column of the predicted class: roles={'prediction': ...}")
    return ()


def _says_fractions(of: Mapping[Role, Feature], sample: Sample) -> bool:
    """Whether the predictions of numbers are not classes, so that neither are the labels.

    Raises
    ------
    ConfigError
        If a prediction looks like a probability of a label of 0 and 1.
    """
    said = of.get("prediction")
    if said is None or of["label"].kind != "numeric" or columns.family(said.dtype) not in ("floating", "decimal"):
        return False
    values, labels = (_doubles(sample.get(name, ())) for name in (said.name, of["label"].name))
    whole = bool((np.floor(values) == values)[np.isfinite(values)].all())
    if not whole and np.isin(labels[~np.isnan(labels)], (0.0, 1.0)).all():
        msg = f"column {said.name!r} holds fractions, and the labels are 0 and 1"
        raise ConfigError(msg, hint="a probability has the role score, not prediction")
    return not whole


def _is_whole(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _scale(labels: Sequence[pa.Array], said: Sequence[pa.Array]) -> Scale:
    """Return how errors and labels are counted: from the middle of the sample's labels, each as finely as it is small."""
    label, prediction = _doubles(labels), _doubles(said)
    finite = label[np.isfinite(label)]
    centre = float(np.median(finite)) if len(finite) else 0.0
    errors = prediction - label if len(prediction) == len(label) else np.append(prediction, label)
    return Scale(_unit(errors), _unit(finite - centre), centre)


def _unit(values: NDArray[np.float64]) -> int:
    """Return the exponent of units that are 2**-45 of the largest number."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0)) or 1.0
    return min(max(UNITS - math.frexp(largest)[1], -MOST_SHIFT), MOST_SHIFT)


def _doubles(arrays: Sequence[pa.Array]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0), *map(columns.doubles, arrays)])
