"""scikit-learn's splits, folds, class weights, grids and metrics: writes test/fixtures/selection.json.gz, read by the tests of metrics and model-selection.

Needs scikit-learn 1.2 (Debian 12: python3-sklearn). Only what does not depend on NumPy's random numbers is recorded: folds that are not shuffled, sizes,
and class counts that are the same for every seed.
"""
import pathlib
import random
import warnings

import numpy as np
from sklearn import metrics
from sklearn.model_selection import KFold, ParameterGrid, StratifiedKFold, train_test_split
from sklearn.utils.class_weight import compute_class_weight

from files import write_json_gz

SCORES = {"precisionScore": metrics.precision_score, "recallScore": metrics.recall_score, "f1Score": metrics.f1_score}


def labels(rng, n, classes):
    """Labels that are neither contiguous nor equally frequent."""
    names = rng.sample(range(-2, 9), classes)
    return [names[min(int(classes * rng.random() ** 1.5), classes - 1)] for _ in range(n)]


def metric_cases(rng):
    cases = []

    def add(name, truth, predicted, options, value):
        cases.append({"name": name, "truth": truth, "predicted": predicted, "options": options, "value": np.asarray(value).tolist()})

    for _ in range(40):
        n = rng.choice([1, 2, 3, 5, 17, 33])
        truth = labels(rng, n, rng.randint(1, 5))
        predicted = [label if rng.random() < 0.6 else rng.randint(-2, 8) for label in truth]
        add("accuracyScore", truth, predicted, {}, metrics.accuracy_score(truth, predicted))
        add("accuracyScore", truth, predicted, {"normalize": False}, int(metrics.accuracy_score(truth, predicted, normalize=False)))
        add("balancedAccuracyScore", truth, predicted, {}, metrics.balanced_accuracy_score(truth, predicted))
        if len(set(truth)) > 1:
            value = metrics.balanced_accuracy_score(truth, predicted, adjusted=True)
            add("balancedAccuracyScore", truth, predicted, {"adjusted": True}, value)
        some = sorted({truth[0], rng.randint(-2, 8), 9}, reverse=True)
        for options in [{}, {"labels": some}, {"normalize": "true"}, {"normalize": "pred"}, {"normalize": "all", "labels": some}]:
            add("confusionMatrix", truth, predicted, options, metrics.confusion_matrix(truth, predicted, **options))
        for name, score in SCORES.items():
            for average in ["macro", "micro", "weighted", None]:
                for extra in [{}, {"labels": some}, {"labels": [9, 10]}]:
                    for zero in [0, 1]:
                        value = score(truth, predicted, average=average, zero_division=zero, **extra)
                        add(name, truth, predicted, {"average": average, "zeroDivision": zero, **extra}, value)
    for _ in range(20):
        n = rng.choice([1, 2, 5, 17])
        truth, predicted = ([rng.randint(0, 1) for _ in range(n)] for _ in range(2))
        for name, score in SCORES.items():
            add(name, truth, predicted, {"zeroDivision": 1}, score(truth, predicted, zero_division=1))
            if {0, 1} == set(truth) | set(predicted):
                add(name, truth, predicted, {"posLabel": 0}, score(truth, predicted, pos_label=0, zero_division=0))
    return cases


def fold_cases(rng):
    plain = [
        {"n": n, "k": k, "valid": [valid.tolist() for _, valid in KFold(k).split(range(n))]}
        for n, k in [(2, 2), (3, 2), (5, 5), (7, 3), (10, 4), (17, 5), (33, 8)]
    ]
    stratified = []
    for _ in range(25):
        y = labels(rng, rng.choice([12, 17, 33, 60]), rng.randint(1, 4))
        k = rng.randint(2, 5)
        if min(np.unique(y, return_counts=True)[1]) >= k:
            valid = [valid.tolist() for _, valid in StratifiedKFold(k).split(y, y)]
            stratified.append({"labels": y, "k": k, "valid": valid})
    return plain, stratified


def split_cases(rng):
    sizes = [None, 1, 2, 4, 9, 0.1, 0.07, 0.25, 0.3, 0.5, 0.9, 0.999]
    plain = []
    for n in [2, 3, 10, 33, 100]:
        for test in sizes:
            for train in sizes:
                try:
                    parts = [len(part) for part in train_test_split(range(n), test_size=test, train_size=train)]
                except ValueError:
                    parts = None
                plain.append({"n": n, "testSize": test, "trainSize": train, "parts": parts})
    stratified = []
    while len(stratified) < 25:
        y = labels(rng, rng.choice([20, 33, 60, 101]), rng.randint(2, 4))
        test, train = rng.choice([0.2, 0.25, 0.3, 0.5, 15]), rng.choice([None, 0.4])
        names = sorted(set(y))
        try:
            seen = {
                tuple(tuple(part.count(name) for name in names) for part in train_test_split(y, test_size=test, train_size=train, stratify=y, random_state=seed))
                for seed in range(20)
            }
        except ValueError:
            continue
        if len(seen) == 1:
            stratified.append({"labels": y, "testSize": test, "trainSize": train, "counts": seen.pop()})
    return plain, stratified


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(3)
    folds, stratified_folds = fold_cases(rng)
    splits, stratified_splits = split_cases(rng)
    weights = []
    for n, classes in [(1, 1), (5, 2), (17, 3), (60, 5)]:
        y = labels(rng, n, classes)
        weights.append({"labels": y, "balanced": compute_class_weight("balanced", classes=np.unique(y), y=y).tolist()})
    space = {"width": [16, 32], "lr": [0.1, 0.01, 0.001], "bias": [True, False]}
    document = {
        "metrics": metric_cases(rng), "folds": folds, "stratifiedFolds": stratified_folds, "splits": splits, "stratifiedSplits": stratified_splits,
        "weights": weights, "grid": {"space": space, "points": list(ParameterGrid(space))},
    }
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/selection.json.gz"
    write_json_gz(path, document)
    print(f"{ {key: len(value) for key, value in document.items()} } -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
