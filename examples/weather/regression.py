"""Linear regression that needs nothing but Python. A model is a dict that JSON can hold."""
import math


def fit(rows, features, target):
    """Least squares: solves the normal equations."""
    width = len(features) + 1
    # Of each row [1, features…, target], the sums of all products: the last column is the right side.
    sums = [[0.0] * (width + 1) for _ in range(width)]
    for row in rows:
        values = [1.0] + [float(row[name]) for name in features] + [float(row[target])]
        for line, value in zip(sums, values):
            for place, other in enumerate(values):
                line[place] += value * other
    weights = solve(sums)
    return {"features": features, "target": target, "intercept": weights[0], "weights": weights[1:]}


def solve(lines):
    """Gauss's elimination, with the largest pivot."""
    size = len(lines)
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(lines[index][column]))
        lines[column], lines[pivot] = lines[pivot], lines[column]
        if abs(lines[column][column]) < 1e-12:
            raise SystemExit("One feature is made of others: it cannot have a weight of its own.")
        for index in range(size):
            if index != column:
                factor = lines[index][column] / lines[column][column]
                lines[index] = [value - factor * other for value, other in zip(lines[index], lines[column])]
    return [line[-1] / line[index] for index, line in enumerate(lines)]


def predict(model, rows):
    """One number for each row, in order."""
    return [
        model["intercept"] + sum(weight * float(row[name]) for name, weight in zip(model["features"], model["weights"]))
        for row in rows
    ]


def measure(model, rows):
    """Root mean square error, mean absolute error and R² on rows whose target is known."""
    known = [float(row[model["target"]]) for row in rows]
    errors = [given - right for given, right in zip(predict(model, rows), known)]
    mean = sum(known) / len(known)
    squares = sum(error**2 for error in errors)
    return {
        "rmse": math.sqrt(squares / len(errors)),
        "mae": sum(abs(error) for error in errors) / len(errors),
        "r2": 1 - squares / sum((right - mean) ** 2 for right in known),
    }
