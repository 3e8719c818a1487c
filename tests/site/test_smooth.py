"""Pictures keep up with the hand: frames per second while a slider moves at every frame."""

import pytest
from support.book import EXPLORERS
from support.visiting import Visit

SECONDS = 1.0
FPS = {1: 55, 4: 45}  # by how many times the processor is slowed down
MOVE = """async ([number, seconds]) => {
    const explorer = document.querySelectorAll(".bp-explore:not(.bp-static)")[number];
    const handle = explorer.querySelector("[role=slider].noUi-handle");
    if (!handle) return null;
    explorer.scrollIntoView({block: "center"});
    const shown = () => explorer.querySelector(".bp-readout").textContent;
    const frame = () => new Promise(requestAnimationFrame);
    const press = (key) =>
        handle.dispatchEvent(new KeyboardEvent("keydown", {key, cancelable: true}));
    for (let k = 0; k < 10; k++) await frame();
    const seen = new Set(), start = performance.now();
    let frames = 0, key = "ArrowRight";
    while (performance.now() - start < 1000 * seconds) {
        const before = handle.ariaValueNow;
        press(key);
        if (handle.ariaValueNow === before) key = key === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
        await frame();
        seen.add(shown());
        frames++;
    }
    return [(1000 * frames) / (performance.now() - start), seen.size];
}"""


@pytest.mark.parametrize("page", EXPLORERS)
def test_frames_per_second(browser, address, page, capsys):
    visit = Visit(browser, address, page)
    session = visit.context.new_cdp_session(visit.page)
    count = visit.page.locator(".bp-explore:not(.bp-static)").count()
    slow = {}
    for times, least in FPS.items():
        session.send("Emulation.setCPUThrottlingRate", {"rate": times})
        for number in range(count):
            measured = visit.page.evaluate(MOVE, [number, SECONDS])
            if measured is None:  # nothing but points and buttons
                continue
            fps, sentences = measured
            assert sentences > 1, f"picture {number + 1} did not follow"
            with capsys.disabled():
                print(f"\n  {page}, picture {number + 1}, CPU/{times}: {fps:.0f} fps ", end="")
            if fps < least:
                slow[number + 1, times] = fps
    visit.context.close()
    assert slow == {}
