"""What a folder of images takes: 20,000 of CelebA's size against 1,000, in time an image and in memory of the process.

python benchmarks/image_folder.py [IMAGES]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

MEASURE = """
import resource, sys, time
from indmech_bench import read_image_folder
folder, cache = sys.argv[1:]
start = time.process_time()
images = read_image_folder(folder, size=64, crop=178, cache=cache).images
made = time.process_time() - start  # before the array is read: pages of it that are looked at count as memory, too
print(len(images), made, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def main() -> None:
    """Make the folders, read them in processes of their own, print a line each."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        for number in (most // 20, most):
            folder = Path(place, str(number))
            folder.mkdir()
            for index in range(number):
                coarse = random.integers(0, 256, (14, 11, 3), dtype=np.uint8)
                image = Image.fromarray(coarse).resize((178, 218), Image.Resampling.BICUBIC)
                image.save(folder / f"{index:06d}.jpg", quality=80)
            command = [sys.executable, "-c", MEASURE, str(folder), str(Path(place, "cache"))]
            made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            print(f"{made[0]} images: {1000 * float(made[1]) / number:.1f} ms of CPU an image, {made[2]} MiB at most")


if __name__ == "__main__":
    main()
