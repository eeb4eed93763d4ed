"""Two classifiers that need nothing but Python. A model is a dict that JSON can hold."""
import math

FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width", "sepal_area", "petal_area"]
TARGET = "species"


def fit_naive_bayes(rows):
    """Gaussian naive Bayes: for each class, how large each feature is and how much it varies."""
    classes = {}
    for label in sorted({row[TARGET] for row in rows}):
        own = [row for row in rows if row[TARGET] == label]
        means, variances = _moments(own)
        classes[label] = {"prior": len(own) / len(rows), "means": means, "variances": variances}
    return {"kind": "naive-bayes", "features": FEATURES, "classes": classes}


def fit_softmax(rows, epochs, rate, on_epoch):
    """Softmax regression by gradient descent over all rows; `on_epoch` is told the epoch and the loss."""
    means, variances = _moments(rows)
    labels = sorted({row[TARGET] for row in rows})
    model = {
        "kind": "softmax",
        "features": FEATURES,
        "labels": labels,
        "means": means,
        "deviations": [math.sqrt(variance) for variance in variances],
        "weights": [[0.0] * (len(FEATURES) + 1) for _ in labels],
    }
    inputs = [_scaled(model, row) for row in rows]
    for epoch in range(1, epochs + 1):
        gradients = [[0.0] * (len(FEATURES) + 1) for _ in labels]
        loss = 0.0
        for values, row in zip(inputs, rows):
            for index, (label, probability) in enumerate(zip(labels, _softmax(_scores(model, values)))):
                is_it = label == row[TARGET]
                if is_it:
                    loss -= math.log(max(probability, 1e-15))
                error = probability - is_it
                for place, value in enumerate(values):
                    gradients[index][place] += error * value
        for weights, gradient in zip(model["weights"], gradients):
            for place, slope in enumerate(gradient):
                weights[place] -= rate * slope / len(rows)
        on_epoch(epoch, loss / len(rows))
    return model


def probabilities(model, row):
    """How probable each class is: a dict that sums up to 1."""
    if model["kind"] == "softmax":
        return dict(zip(model["labels"], _softmax(_scores(model, _scaled(model, row)))))
    values = [float(row[name]) for name in model["features"]]
    scores = [
        math.log(each["prior"])
        - sum(
            0.5 * math.log(2 * math.pi * variance) + (value - mean) ** 2 / (2 * variance)
            for value, mean, variance in zip(values, each["means"], each["variances"])
        )
        for each in model["classes"].values()
    ]
    return dict(zip(model["classes"], _softmax(scores)))


def predict(model, rows):
    """One class for each row, in order."""
    return [max(given, key=given.get) for given in (probabilities(model, row) for row in rows)]


def measure(model, rows):
    """Accuracy and log loss on rows whose class is known."""
    given = [probabilities(model, row) for row in rows]
    right = sum(max(each, key=each.get) == row[TARGET] for each, row in zip(given, rows))
    loss = -sum(math.log(max(each[row[TARGET]], 1e-15)) for each, row in zip(given, rows))
    return {"accuracy": right / len(rows), "log_loss": loss / len(rows)}


def _moments(rows):
    columns = [[float(row[name]) for row in rows] for name in FEATURES]
    means = [sum(column) / len(column) for column in columns]
    # A little more than measured: a feature that never varies would be divided by 0.
    variances = [
        sum((value - mean) ** 2 for value in column) / len(column) + 1e-6 for column, mean in zip(columns, means)
    ]
    return means, variances


def _scaled(model, row):
    values = zip(model["features"], model["means"], model["deviations"])
    return [1.0] + [(float(row[name]) - mean) / deviation for name, mean, deviation in values]


def _scores(model, values):
    return [sum(weight * value for weight, value in zip(weights, values)) for weights in model["weights"]]


def _softmax(scores):
    # Less the largest: the exponential of a large score is too large for a float.
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]
