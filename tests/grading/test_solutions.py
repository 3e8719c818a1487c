"""The solutions of the exercises against bplib, closed formulas and finite differences."""

import operator

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib.gradient_check import relative_error
from bplib.network import classes
from exercises.exercise import exercises

EXERCISES = {exercise.name: exercise for exercise in exercises()}
SQUARED = bplib.losses.SquaredError()
STEP = 1e-6


def solved(name):
    """Yield the inputs of each case and what the solution makes of them."""
    exercise = EXERCISES[name]
    for inputs in exercise.inputs(5):
        yield inputs, exercise.solution(**inputs)


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


def slope(function, at):
    """The derivative of a number by each entry of an array, by central differences."""
    found = np.empty_like(at)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[index] = STEP
        found[index] = (function(at + nudge) - function(at - nudge)) / (2 * STEP)
    return found


def near(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


def network(W, b, **settings):
    net = bplib.mlp([W[0].shape[1], *(len(W_l) for W_l in W)], **settings)
    for mine, theirs in zip((*net.W, *net.b), (*W, *b), strict=True):
        mine[...] = theirs
    return net


def test_back_through_activation():
    for inputs, found in solved("back-through-activation"):
        for name, product in zip(("sigmoid", "tanh", "relu"), found, strict=True):
            f = bplib.activations.get(name)
            close(product, f.vjp(inputs["r"], inputs["z"], f(inputs["z"])))


def test_jacobian_products():
    for i, (Jt, JTr) in solved("jacobian-products"):
        net = network(i["W"], i["b"], hidden="tanh", output="tanh")
        ahead = net.forward(i["x"] + STEP * i["t"]).copy()
        behind = net.forward(i["x"] - STEP * i["t"]).copy()
        near(Jt, (ahead - behind) / (2 * STEP))
        near(JTr, slope(lambda x, net=net, r=i["r"]: np.sum(r * net.forward(x)), i["x"]))


def test_two_paths():
    for i, (dx, dW) in solved("two-paths"):

        def loss(x, W, r=i["r"]):
            return np.sum(r * (x + W.T @ np.tanh(W @ x)))

        near(dx, slope(lambda x, W=i["W"], loss=loss: loss(x, W), i["x"]))
        near(dW, slope(lambda W, x=i["x"], loss=loss: loss(x, W), i["W"]))


def test_reverse_sweep():
    for i, bar in solved("reverse-sweep"):
        N, made = len(i["parents"]), {}

        def number(k, nudged=None, h=0.0, i=i, made=made):
            """A linear computation with these slopes; one number may be nudged on its way."""
            key = k, nudged, h
            if key not in made:
                above = zip(i["parents"][k], i["slopes"][k], strict=True)
                made[key] = sum(slope * number(p, nudged, h) for p, slope in above)
                made[key] += h * (k == nudged)
            return made[key]

        found = [(number(i["output"], k, 1.0) - number(i["output"], k, -1.0)) / 2 for k in range(N)]
        close(bar, found)
        assert bar[i["output"]] == 1


def test_forward_mode():
    engine = bplib.autodiff
    do = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "sin": engine.sin,
        "tanh": engine.tanh,
    }
    for i, (values, tangents) in solved("forward-mode"):
        inputs = [engine.Value(x) for x in i["x"]]
        numbers = list(inputs)
        for name, *places in i["tape"]:
            numbers.append(do[name](*(numbers[k] for k in places)))
        close(values, [number.data for number in numbers])
        for number, tangent in zip(numbers, tangents, strict=True):
            for leaf in inputs:
                leaf.grad = 0.0
            number.backward()
            close(tangent, sum(v.grad * t for v, t in zip(inputs, i["t"], strict=True)))


def test_descend():
    for i, (path, losses) in solved("descend"):
        H, b = i["loss"].H, i["loss"].b
        lowest = np.linalg.solve(H, -b)
        for k, point in enumerate(path.T):
            power = np.linalg.matrix_power(np.eye(len(H)) - i["eta"] * H, k)
            close(point[:, None], lowest + power @ (i["theta"] - lowest))
            close(losses[k], 0.5 * point @ H @ point + b[:, 0] @ point)


def test_learning_rates():
    for i, (border, best, rate) in solved("learning-rates"):

        def slowest(eta, H=i["H"]):
            return np.linalg.norm(np.eye(len(H)) - eta * H, 2)

        close(slowest(border), 1)
        close(slowest(best), rate)
        assert slowest(0.999 * border) < 1 < slowest(1.001 * border)
        assert rate < min(slowest(0.999 * best), slowest(1.001 * best))


def test_minibatches():
    for i, (W, b) in solved("minibatches"):
        net, sgd = network([i["W"]], [i["b"]], output="identity"), bplib.SGD(i["eta"])
        for batch in i["batches"]:
            bplib.loss_and_grad(net, SQUARED, i["x"][:, batch], i["y"][:, batch])
            sgd.step(net.theta, net.grad)
        close(W, net.W[0])
        close(b, net.b[0])


def sigmoids(i):
    return network([i["W1"], i["W2"]], [i["b1"], i["b2"]], hidden="sigmoid", output="sigmoid")


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def test_backward_2_2_1():
    for i, found in solved("backward-2-2-1"):
        net = sigmoids(i)
        bplib.loss_and_grad(net, SQUARED, i["x"], i["y"])
        close(flat(found), flat([net.dW[0], net.db[0], net.dW[1], net.db[1]]))


def test_deep_backward():
    for i, (dW, db) in solved("deep-backward"):
        net = network(i["W"], i["b"], hidden="tanh", output="identity")
        bplib.loss_and_grad(net, SQUARED, i["x"], i["y"])
        assert [g.shape for g in dW] == [W.shape for W in i["W"]]
        close(flat(dW), flat(net.dW))
        close(flat(db), flat(net.db))


def test_softmax_error():
    loss = bplib.losses.SoftmaxCrossEntropy()
    linear = bplib.activations.get("identity")
    for i, (value, delta) in solved("softmax-error"):
        z, y = i["z"], i["y"]
        close(value, loss.value(z, z, y))
        close(delta, loss.delta(z, z, y, linear))
        assert np.isfinite(value)
        assert delta.sum(axis=0) == pytest.approx(0, abs=1e-12)


def test_stable_cross_entropy():
    loss, sigmoid = bplib.losses.BinaryCrossEntropy(), bplib.activations.get("sigmoid")
    for i, (value, delta) in solved("stable-cross-entropy"):
        z, y = i["z"], i["y"]
        close(value, loss.value(z, sigmoid(z), y))
        close(delta, loss.delta(z, sigmoid(z), y, sigmoid))
        assert np.isfinite(value)
    assert np.abs(z).max() == 3000
    solution, z = EXERCISES["stable-cross-entropy"].solution, z[:, [0]] / 1000
    near(solution(z, y[:, [0]])[1], slope(lambda z: solution(z, y[:, [0]])[0], z))


def test_one_update():
    for i, (*new, after, promised) in solved("one-update"):
        net = sigmoids(i)
        before, grad = bplib.loss_and_grad(net, SQUARED, i["x"], i["y"])
        close(promised, before - i["eta"] * grad @ grad)
        bplib.SGD(i["eta"]).step(net.theta, net.grad)
        close(flat(new), flat([net.W[0], net.b[0], net.W[1], net.b[1]]))
        close(after, bplib.evaluate(net, SQUARED, i["x"], i["y"]))


def test_training_loop():
    loss = bplib.losses.BinaryCrossEntropy()
    for i, (*new, losses) in solved("training-loop"):
        W, b = [i["W1"], i["W2"]], [i["b1"], i["b2"]]
        net = network(W, b, hidden="tanh", output="sigmoid")
        history = bplib.fit(net, loss, i["x"], i["y"], bplib.SGD(i["eta"]), i["epochs"])
        close(flat(new), flat([net.W[0], net.b[0], net.W[1], net.b[1]]))
        close(losses, history.loss)


def test_success_rate():
    for i, (accuracy, p, error) in solved("success-rate"):
        S = len(i["a"])
        right = classes(i["a"]) == classes(i["y"])
        close(accuracy, right.mean(axis=-1))
        close(p, sum(bool(all(row)) for row in right) / S)
        starts = np.arange(S) < round(p * S)
        close(error, starts.std() / np.sqrt(S))


def test_central_difference():
    for i, (forward, central) in solved("central-difference"):
        gradient, curvatures = i["loss"].gradient(i["theta"]), np.diag(i["loss"].H)[:, None]
        close(forward, gradient + i["h"] / 2 * curvatures)
        close(central, gradient)


def test_relative_error():
    found = []
    for i, (error, kinks) in solved("relative-error"):
        switched = [np.any((u > 0) != (v > 0)) for u, v in zip(i["above"], i["below"], strict=True)]
        numeric = np.where(np.array(switched)[:, None], np.nan, i["numeric"])
        close(error, relative_error(i["analytic"], numeric))
        assert kinks == np.isnan(numeric).sum()
        found.append(error)
    assert found[2] == 0
    assert np.isnan(found[3])


def followed(rule, theta, gradients):
    """The path of an optimizer through gradients that are given, (T + 1, P)."""
    here = theta.copy()
    path = [theta.copy()]
    for g in gradients:
        rule.step(here, g)
        path.append(here.copy())
    return np.array(path)


def test_momentum_path():
    for i, (momentum, nesterov) in solved("momentum-path"):
        rules = bplib.Momentum(i["eta"], i["beta"]), bplib.Nesterov(i["eta"], i["beta"])
        for path, rule in zip((momentum, nesterov), rules, strict=True):
            close(path, followed(rule, i["theta"], i["gradients"]))


def test_adam():
    for i, path in solved("adam"):
        rule = bplib.Adam(i["eta"], i["beta1"], i["beta2"], i["eps"])
        close(path, followed(rule, i["theta"], i["gradients"]))


def test_weight_decay():
    for i, (l2, adamw) in solved("weight-decay"):
        betas = {name: i[name] for name in ("beta1", "beta2", "eps")}
        rule = bplib.AdamW(i["eta"], i["mu"], **betas)
        close(adamw, followed(rule, i["theta"], i["gradients"])[-1])
        rule, theta = bplib.Adam(i["eta"], **betas), i["theta"].copy()
        for g in i["gradients"]:
            rule.step(theta, g + i["mu"] * theta)
        close(l2, theta)


def test_cosine_warm_up():
    for i, found in solved("cosine-warm-up"):
        cosine = bplib.schedules.cosine(i["eta"], i["K"] - i["r"], i["floor"])
        plan = bplib.schedules.warm_up(i["r"], cosine)
        close(found, [plan(k) for k in range(i["K"])])


def test_noise_ball():
    for i, (means, variances) in solved("noise-ball"):
        K, noises = len(i["rates"]), np.eye(1 + len(i["rates"]))
        w = [noises[0]]  # w as a sum of what is random: the start, then each noise
        for k, eta in enumerate(i["rates"]):
            w.append(w[-1] - eta * (i["lam"] * w[-1] + noises[k + 1]))
        w = np.array(w)
        close(means, w @ np.r_[i["mean"], np.zeros(K)])
        close(variances, w**2 @ np.r_[i["variance"], np.full(K, i["s"] ** 2)])


def test_error_by_layer():
    for i, (norms, factor, bound) in solved("error-by-layer"):
        W, a, delta = i["W"], i["a"], i["delta"]

        def above(z, l, W=W, a=a):
            """Return z of the last layer if that of layer l, counted from 0, is z."""
            for k in range(l + 1, len(W)):
                z = logit(a[k]) + W[k] @ (sigmoid(z) - a[k - 1])
            return z

        for l, norm in enumerate(norms):
            error = slope(lambda z, l=l, d=delta, f=above: np.sum(d * f(z, l)), logit(a[l]))
            near(norm, np.linalg.norm(error))
        close(norms[0], norms[-1] * factor ** (len(W) - 1))
        stretch = [np.linalg.svd(V, compute_uv=False)[0] / 4 for V in W[1:]]
        close(bound, np.linalg.norm(delta) * np.prod(stretch))
        assert norms[0] < bound


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def logit(a):
    return np.log(a / (1 - a))


def test_clipping():
    for i, (clipped, norm) in solved("clipping"):
        grad = flat(i["gradients"])
        close(norm, np.linalg.norm(grad))
        bplib.optim.by_norm(i["limit"], eps=0)(grad)
        close(flat(clipped), grad)
        assert [g.shape for g in clipped] == [g.shape for g in i["gradients"]]


def test_dropout():
    for i, (dropped, dW, da) in solved("dropout"):
        layer = bplib.layers.Dropout(len(i["a"]), i["p"], seed=0)
        layer.forward(i["a"], train=True)
        layer.mask, layer.hold = i["kept"] / (1 - i["p"]), True
        close(dropped, layer.forward(i["a"], train=True))
        above = bplib.layers.Dense(*i["W"].T.shape, "identity")
        net = bplib.network.Network([above])
        net.W[0] = i["W"]
        net.forward(dropped)
        close(da, layer.backward(net.backward(i["delta"])))
        close(dW, net.dW[0])


def test_penalised_gradient():
    for i, (J, dW, db) in solved("penalised-gradient"):
        sizes = [i["W"][0].shape[1], *(len(b) for b in i["b"])]
        net = bplib.mlp(sizes)
        net.W, net.b = i["W"], i["b"]
        weights = net.theta[net.is_weight]
        penalties = bplib.losses.L2(i["lam"]), bplib.losses.L1(i["mu"])
        close(J, i["loss"] + sum(penalty.value(weights) for penalty in penalties))
        net.dW, net.db = i["dW"], i["db"]
        net.grad[net.is_weight] += sum(penalty.gradient(weights) for penalty in penalties)
        close(flat(dW), flat(net.dW))
        close(flat(db), flat(net.db))


def test_initial_scales():
    rng, draws = np.random.default_rng(0), 20_000
    for i, found in solved("initial-scales"):
        for l, (*deviations, he_limit, xavier_limit) in enumerate(zip(*found, strict=True)):
            n_in, n_out = i["widths"][l], i["widths"][l + 1]
            shape = (1 + draws // (n_in * n_out), n_out, n_in)
            for name, deviation in zip(("lecun", "he", "xavier_normal"), deviations, strict=True):
                assert bplib.initializers.get(name)(rng, shape).std() == pytest.approx(
                    deviation, rel=0.03
                )
            for name, limit in (("he_uniform", he_limit), ("xavier", xavier_limit)):
                largest = np.abs(bplib.initializers.get(name)(rng, shape)).max()
                assert 0.999 * limit < largest <= limit


def test_orthogonal():
    for i, W in solved("orthogonal"):
        A, gain = i["A"], i["gain"]

        class Drawn(np.random.Generator):
            """Gives the exercise's matrix, the longer side first, as bplib draws it."""

            def standard_normal(self, shape, A=A):
                return (A if A.shape == shape else A.T).copy()

        made = bplib.initializers.orthogonal(Drawn(np.random.PCG64(0)), A.shape)
        close(W, gain * made)
        longer, shorter = max(A.shape), min(A.shape)
        tall = W if W.shape == (longer, shorter) else W.T
        close(tall.T @ tall, gain**2 * np.eye(shorter))


def test_variance():
    for i, (q, e) in solved("variance"):
        widths, L = i["widths"].tolist(), len(i["sigma"])
        net = bplib.mlp(widths, hidden="relu", output="identity", stack=(40_000,))
        rng = np.random.default_rng(0)
        for W, b, sigma in zip(net.W, net.b, i["sigma"], strict=True):
            W[...] = sigma * rng.standard_normal(W.shape)
            b[...] = i["sigma_b"] * rng.standard_normal(b.shape)
        net.forward(np.sqrt(i["q0"]) * np.ones((widths[0], 1)))
        layers = [layer for layer in net.layers if layer.shapes]
        delta = np.ones(layers[-1].z.shape)
        for l in reversed(range(L)):
            assert np.mean(layers[l].z ** 2) == pytest.approx(q[l], rel=0.05)
            assert np.mean(delta**2) == pytest.approx(e[l], rel=0.05)
            if l:
                delta = (net.W[l].mT @ delta) * (layers[l - 1].z > 0)


def test_batch_norm_backward():
    for i, (dx, dgamma, dbeta) in solved("batch-norm-backward"):
        norm = bplib.layers.BatchNorm(len(i["x"]), eps=i["eps"])
        net = bplib.network.Network([norm])
        norm.gamma = i["gamma"]
        net.forward(i["x"], train=True)
        close(dx, norm.backward(i["da"]))
        close(dgamma, norm.dgamma)
        close(dbeta, norm.dbeta)

        def pulled(x, i=i):
            apart = x - x.mean(axis=1, keepdims=True)
            variance = np.mean(apart**2, axis=1, keepdims=True)
            return np.sum(i["da"] * i["gamma"] * apart / np.sqrt(variance + i["eps"]))

        near(dx, slope(pulled, i["x"]))


def test_residual_chain():
    for i, (dx, dW) in solved("residual-chain"):
        n = len(i["x"])
        blocks = [bplib.layers.Residual([bplib.layers.Dense(n, n, "tanh")]) for _ in i["W"]]
        net = bplib.network.Network(blocks)
        net.W = list(i["W"])
        net.forward(i["x"])
        close(dx, net.backward(i["g"]))
        close(dW, np.array(net.dW) * i["x"].shape[1])

        def end(W, i=i):
            a = i["x"]
            for W_l in W:
                a = a + np.tanh(W_l @ a)
            return np.sum(i["g"] * a)

        near(dW, slope(end, i["W"]))


def test_critical_point():
    """SymPy's exact LDLᵀ counts the eigenvalues below a number, by Sylvester's law of inertia."""

    def below(H, s):
        shifted = sp.Matrix(H).applyfunc(sp.Rational) - sp.Rational(float(s)) * sp.eye(len(H))
        return sum(
            bool(pivot < 0) for pivot in shifted.LDLdecomposition(hermitian=False)[1].diagonal()
        )

    for i, (kind, lowest) in solved("critical-point"):
        tol, P = i["tol"], i["g"].shape[1]
        assert set(kind) == {0, 1, 2, 3, 4}
        for g, H, found, low in zip(i["g"], i["H"], kind, lowest, strict=True):
            assert below(H, low - 1e-9) == 0 < below(H, low + 1e-9)
            downs, ups = below(H, -tol), P - below(H, tol)
            expected = {(0, P): 1, (P, 0): 2}.get((downs, ups), 3 if downs and ups else 4)
            assert found == (0 if g @ g > tol**2 else expected)


def test_restarts():
    """Of many thousand searches, as many succeed as the formula says."""
    rng = np.random.default_rng(0)
    for i, (p, R, chance) in solved("restarts"):
        assert p == pytest.approx(np.sum(i["losses"] < i["limit"]) / i["losses"].size)
        tries = rng.random((200_000, int(R))) < p
        assert chance == pytest.approx(tries.any(axis=1).mean(), abs=0.002)
        assert chance >= i["sure"] > 1 - (1 - p) ** (R - 1)


def test_confusion_matrix():
    for i, (C, accuracy, recall, precision) in solved("confusion-matrix"):
        net = bplib.network.Network([bplib.layers.Dense(*i["a"].shape[:1] * 2, "identity")])
        net.W[0] = np.eye(len(C))
        close(accuracy, bplib.accuracy(net, i["a"], i["y"]))
        answers = bplib.data.one_hot(net.predict(i["a"]), len(C))
        close(C, i["y"] @ answers.T)
        close(recall, [answers[j][row > 0].mean() for j, row in enumerate(i["y"])])
        named = [row[answers[j] > 0] for j, row in enumerate(i["y"])]
        close(precision, [row.mean() if row.size else 0 for row in named])


def test_standardize_split():
    for i, (x, x_test, W, b) in solved("standardize-split"):
        wide = i["x"].std(axis=1) > i["least"]
        theirs = bplib.data.standardize(i["x"], i["x_test"])
        for found, expected in zip((x, x_test), theirs, strict=True):
            close(found[wide], expected[wide])
        mean = i["x"].mean(axis=1, keepdims=True)[~wide]
        close(x_test[~wide], (i["x_test"][~wide] - mean) / i["least"])
        prepared, raw = (
            network([w], [v], output="identity") for w, v in ((i["W"], i["b"]), (W, b))
        )
        close(prepared.forward(x_test), raw.forward(i["x_test"]))
