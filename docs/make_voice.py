"""Renders the spoken prompts, `voice.*` of the locale, as recordings: `scanner/sound/voice/<language>/<key>.wav`.

Run by hand when a prompt changes; the recordings are kept, so no appliance needs a voice. It wants Debian's espeak-ng:

    apt-get install espeak-ng
    python docs/make_voice.py            # renders what is stale, or everything with --all
    python docs/make_voice.py --show     # renders nothing: how each prompt is pronounced

`manifest.json` beside them holds the SHA-256 of how each text is spoken and of its recording: a test finds stale ones.
Traditional Chinese is spoken by the Mandarin voice; where it sounds the same it shares the recording.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import shutil
import subprocess
import sys
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scanner.locale import Texts  # noqa: E402 - the tree is on the path only now
from scanner.sound.clip import FULL_SCALE, RATE  # noqa: E402
from scanner.sound.mulaw_wav import write  # noqa: E402
from scanner.sound.recordings import FOLDER, MANIFEST, Manifest, Recording  # noqa: E402

MANDARIN: Final = ("cmn-latn-pinyin", 205)
"""espeak-ng's voice and its words a minute. The plain `cmn` of Debian 12 reads characters as if they were English."""
VOICES: Final = {"zh_CN": MANDARIN, "zh_TW": MANDARIN, "en": ("en-us", 170)}
PRONOUNCED: Final = {
    "调亮": "tiao2 liang4",
    "調亮": "tiao2 liang4",
    "一些": "yi4 xie1",
    "一次": "yi2 ci4",
    "一个": "yi2 ge4",
    "一個": "yi2 ge4",
    "不是": "bu2 shi4",
    "重新": "chong2 xin1",
}
"""What the voice would read with another reading, or without the change of tone that people make."""
LOUDNESS: Final = 0.16
"""Root mean square of what is spoken, of full scale, before its peaks are rounded off: a gate stands in a street."""
PEAK: Final = 0.9
QUIET: Final = 0.01
"""Of the peak: silence at both ends is cut off below it."""
MARGIN_S: Final = 0.03


def spoken(text: str) -> str:
    """Return a prompt with the pronunciations written out that the voice needs to be told."""
    for word, pinyin in PRONOUNCED.items():
        text = text.replace(word, f" {pinyin} ")
    return text


def digest(language: str, text: str) -> str:
    """Return what a recording is of, in one number: the voice, its speed, and how the text is spoken."""
    voice, speed = VOICES[language]
    return hashlib.sha256(f"{voice} {speed} {spoken(text)}".encode()).hexdigest()


def prompts(language: str) -> dict[str, str]:
    """Return key and text of everything that is spoken in a language."""
    texts = Texts.load(language)
    return {key.removeprefix("voice."): texts.get(key) for key in sorted(texts.keys) if key.startswith("voice.")}


def phonemes(language: str, text: str) -> str:
    """Return how the voice pronounces a prompt, in its own notation."""
    return " ".join(_espeak(language, "-q", "-x", spoken(text)).decode().split())


def render(language: str, text: str) -> bytes:
    """Return a prompt as a recording: spoken, at our rate, without silence at its ends, and as loud as every other."""
    with wave.open(io.BytesIO(_whole(_espeak(language, "--stdout", spoken(text))))) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    samples = _trimmed(_resampled(samples / FULL_SCALE, rate))
    samples *= LOUDNESS / np.sqrt(np.mean(samples**2))
    samples = PEAK * np.tanh(samples / PEAK)
    fade = np.minimum(1.0, np.arange(len(samples)) / (MARGIN_S * RATE / 2))
    samples *= fade * fade[::-1]
    return write(int(sample) for sample in np.round(samples * FULL_SCALE))


def _espeak(language: str, *arguments: str) -> bytes:
    voice, speed = VOICES[language]
    call = ["espeak-ng", "-v", voice, "-s", str(speed), *arguments]
    return subprocess.run(call, capture_output=True, check=True).stdout


def _whole(data: bytes) -> bytes:
    """Put right the lengths of a WAV file that was written to a pipe, whose header came before its end was known."""
    size = len(data) - 44
    return data[:4] + (size + 36).to_bytes(4, "little") + data[8:40] + size.to_bytes(4, "little") + data[44:]


def _resampled(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Return samples at our rate: exactly, by leaving out the frequencies that it cannot hold."""
    count = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.fft.irfft(spectrum, count) * (count / len(samples))


def _trimmed(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    loud = np.flatnonzero(np.abs(samples) > QUIET * np.max(np.abs(samples)))
    margin = round(MARGIN_S * RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


def main() -> None:
    """Render what is stale, drop what nobody says any more, write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="render every prompt anew")
    parser.add_argument("--show", action="store_true", help="only print how each is pronounced")
    chosen = parser.parse_args()
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is missing; run: sudo apt-get install espeak-ng")
    if chosen.show:
        for language in VOICES:
            for key, text in prompts(language).items():
                print(f"{language:6} {key:15} {text}  {phonemes(language, text)}")
        return
    path = FOLDER / MANIFEST
    before = Manifest.model_validate_json(path.read_bytes()) if path.exists() and not chosen.all else None
    recordings = list(_rendered({} if before is None else {(one.language, one.key): one for one in before.recordings}))
    path.write_text(Manifest(recordings=tuple(recordings)).model_dump_json(indent=1) + "\n", encoding="utf-8")
    kept = {FOLDER / one.file for one in recordings}
    for file in FOLDER.rglob("*.wav"):
        if file not in kept:
            file.unlink()
            print(f"dropped {file.relative_to(FOLDER)}")


def _rendered(before: Mapping[tuple[str, str], Recording]) -> list[Recording]:
    mandarin = {key: phonemes("zh_CN", text) for key, text in prompts("zh_CN").items()}
    found = []
    for language in VOICES:
        for key, text in prompts(language).items():
            shared = language == "zh_TW" and phonemes(language, text) == mandarin[key]
            file = f"{'zh_CN' if shared else language}/{key}.wav"
            of, path = digest(language, text), FOLDER / file
            old = before.get((language, key))
            if not shared and not (old is not None and old.text_sha256 == of and path.exists()):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(render(language, text))
                print(f"rendered {file}: {text}")
            sound = hashlib.sha256(path.read_bytes()).hexdigest()
            found.append(Recording(language=language, key=key, file=file, text_sha256=of, sound_sha256=sound))
    return found


if __name__ == "__main__":
    main()
