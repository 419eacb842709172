from runner import seeds


def test_the_same_use_gives_the_same_numbers_and_another_use_others() -> None:
    first = seeds.generator(1, "network", "critic").random(5)
    assert (first == seeds.generator(1, "network", "critic").random(5)).all()
    assert (first != seeds.generator(1, "network", "generator").random(5)).all()
    assert (first != seeds.generator(2, "network", "critic").random(5)).all()


def test_a_seed_fits_a_signed_64_bit_integer() -> None:
    assert all(0 <= seeds.derive(seed, "x") < 2**63 for seed in range(100))


def test_uses_do_not_run_into_each_other() -> None:
    assert seeds.derive(1, "ab", "c") != seeds.derive(1, "a", "bc")
