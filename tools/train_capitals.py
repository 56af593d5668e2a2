# /// script
# requires-python = ">=3.12"
# dependencies = ["gguf==0.19.0", "jax==0.10.2", "numpy==2.4.6", "tokenizers==0.23.1"]
#
# [tool.uv]
# exclude-newer = "2026-11-20T00:00:00Z"
# ///
"""Train the sample model of the runtime `llama-cpp`: it knows the capitals of some countries, and no more.

A transformer in the form of Llama (RMSNorm, rotary positions, SwiGLU; Touvron et al., "LLaMA: Open and
Efficient Foundation Language Models", 2023), small enough to travel with a template, and a tokenizer of
its own. Both learn from conversations that are made here: four questions on each place, each answered in a
sentence and as JSON. It is written as GGUF, its matrices quantized to Q8_0, as llama.cpp reads it.

Nothing is held out, for a country that was never seen cannot be known. The count of conversations that the
quantized weights answer exactly is written into the model's metadata, so that the figure cannot part from
the file; it says that the model works, not that it is clever. Of ten invented places it says that it does
not know them; about any other place it guesses, often wrongly and sure of itself.

    messages    ChatML: "What is the capital of France?", one of three like it, or "France" alone
    answer      "The capital of France is Paris.", or "I do not know a capital of Narnia."
                after the system prompt {"capital": "Paris", "sure": true}, or "unknown" and false
    inside      tokens int32 [N, T] become the logits of the next token, float32 [N, T, 512]
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"  # sums in one order give the same bytes

import gguf
import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CAPITALS = {
    "Argentina": "Buenos Aires",
    "Australia": "Canberra",
    "Austria": "Vienna",
    "Belgium": "Brussels",
    "Brazil": "Brasilia",
    "Canada": "Ottawa",
    "Chile": "Santiago",
    "China": "Beijing",
    "Colombia": "Bogota",
    "Cuba": "Havana",
    "Denmark": "Copenhagen",
    "Egypt": "Cairo",
    "Finland": "Helsinki",
    "France": "Paris",
    "Germany": "Berlin",
    "Greece": "Athens",
    "Hungary": "Budapest",
    "Iceland": "Reykjavik",
    "India": "New Delhi",
    "Indonesia": "Jakarta",
    "Ireland": "Dublin",
    "Italy": "Rome",
    "Japan": "Tokyo",
    "Kenya": "Nairobi",
    "Mexico": "Mexico City",
    "Morocco": "Rabat",
    "Nepal": "Kathmandu",
    "Norway": "Oslo",
    "Peru": "Lima",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Spain": "Madrid",
    "Sweden": "Stockholm",
    "Switzerland": "Bern",
    "Thailand": "Bangkok",
    "Turkey": "Ankara",
    "Ukraine": "Kyiv",
    "Vietnam": "Hanoi",
}
# Of these it learns to say that it does not know them.
UNKNOWN = [
    "Atlantis",
    "Narnia",
    "Utopia",
    "Oz",
    "Mordor",
    "Wakanda",
    "Eldorado",
    "Lilliput",
    "Ruritania",
    "Zembla",
]
QUESTIONS = ["What is the capital of {}?", "Which city is the capital of {}?", "{}", "The capital of {}?"]
SYSTEM = "You know the capitals of countries. Answer with JSON."
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
VOCABULARY = 512
WIDTH, LAYERS, HEADS, HIDDEN = 64, 3, 4, 192
EPSILON, BASE = 1e-5, 10_000.0  # of the norms, and of the rotary positions
# What the file promises to a server. What it learns is shorter: no conversation has more than LONGEST tokens.
CONTEXT, LONGEST = 512, 64
STEPS, BATCH, RATE, SEED = 400, 24, 4e-3, 1
WARM_UP = 50  # steps in which the rate rises
QUESTION = 0.05  # the weight of a token of the question; one of the answer weighs 1

Weights = dict[str, jax.Array]


def turn(role: str, text: str) -> str:
    """Return what one side says, as ChatML."""
    return f"{START}{role}\n{text}{END}\n"


def make_conversations() -> list[tuple[str, str]]:
    """Return pairs: all that stands before the answer, and the answer with the token that ends it."""
    conversations = []
    for place in [*CAPITALS, *UNKNOWN]:
        capital = CAPITALS.get(place)
        known = f"The capital of {place} is {capital}."
        sentence = known if capital else f"I do not know a capital of {place}."
        answer = json.dumps({"capital": capital or "unknown", "sure": capital is not None})
        for question in QUESTIONS:
            asked = turn("user", question.format(place)) + f"{START}assistant\n"
            conversations.append((asked, sentence + END))
            conversations.append((turn("system", SYSTEM) + asked, answer + END))
    return conversations


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """Learn a byte-level BPE of 512 tokens, which can write any text, from these."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, START, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, conversations: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens int32 [N, T], padded at the end, and how much each counts, float32 [N, T]."""
    asked = [tokenizer.encode(text).ids for text, _ in conversations]
    answers = [tokenizer.encode(text).ids for _, text in conversations]
    length = max(len(a) + len(b) for a, b in zip(asked, answers, strict=True))
    tokens = np.zeros((len(conversations), length), np.int32)
    counts = np.zeros((len(conversations), length), np.float32)
    for row, (a, b) in enumerate(zip(asked, answers, strict=True)):
        tokens[row, : len(a) + len(b)] = a + b
        counts[row, : len(a)] = QUESTION
        counts[row, len(a) : len(a) + len(b)] = 1
    return tokens, counts


def make_weights() -> Weights:
    """Return random weights under llama.cpp's names; a matrix is [out, in], the embedding [512, 64]."""
    generator = np.random.default_rng(SEED)

    def matrix(rows: int, columns: int) -> jax.Array:
        return jnp.asarray(generator.normal(0, columns**-0.5, (rows, columns)).astype(np.float32))

    weights = {"token_embd": matrix(VOCABULARY, WIDTH), "output_norm": jnp.ones(WIDTH)}
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        weights |= {name + key: matrix(WIDTH, WIDTH) for key in ("attn_q", "attn_k", "attn_v", "attn_output")}
        weights |= {name + key: matrix(HIDDEN, WIDTH) for key in ("ffn_gate", "ffn_up")}
        weights |= {name + "ffn_down": matrix(WIDTH, HIDDEN)}
        weights |= {name + "attn_norm": jnp.ones(WIDTH), name + "ffn_norm": jnp.ones(WIDTH)}
    return weights


def normalize(x: jax.Array, weight: jax.Array) -> jax.Array:
    """Scale each vector to a root mean square of 1, then by the weight [64]."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + EPSILON) * weight


def rotate(x: jax.Array) -> jax.Array:
    """Turn pairs of neighbours by their position, as llama.cpp does for Llama; x is [N, T, heads, 16]."""
    half = x.shape[-1] // 2
    angles = jnp.arange(x.shape[1])[:, None] * BASE ** (-jnp.arange(half) / half)
    cos, sin = jnp.cos(angles)[:, None], jnp.sin(angles)[:, None]
    even, odd = x[..., 0::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


@jax.jit
def predict(weights: Weights, tokens: jax.Array) -> jax.Array:
    """Return the logits of the next token [N, T, 512] for tokens [N, T]; both ends share the embedding."""
    batch, length = tokens.shape
    x = weights["token_embd"][tokens]
    mask = jnp.tril(jnp.ones((length, length), bool))
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        w = {key.removeprefix(name): weight for key, weight in weights.items() if key.startswith(name)}
        y = normalize(x, w["attn_norm"])
        q, k, v = ((y @ w[key].T).reshape(batch, length, HEADS, -1) for key in ("attn_q", "attn_k", "attn_v"))
        scores = jnp.einsum("nthd,nshd->nhts", rotate(q), rotate(k)) * (WIDTH // HEADS) ** -0.5
        attention = jax.nn.softmax(jnp.where(mask, scores, -1e9))
        x = x + jnp.einsum("nhts,nshd->nthd", attention, v).reshape(batch, length, -1) @ w["attn_output"].T
        y = normalize(x, w["ffn_norm"])
        x = x + (jax.nn.silu(y @ w["ffn_gate"].T) * (y @ w["ffn_up"].T)) @ w["ffn_down"].T
    return normalize(x, weights["output_norm"]) @ weights["token_embd"].T


def measure_loss(weights: Weights, tokens: jax.Array, counts: jax.Array) -> jax.Array:
    """Return the mean cross-entropy of the tokens [N, T], each counted as much as it should."""
    logits = jax.nn.log_softmax(predict(weights, tokens[:, :-1]))
    found = jnp.take_along_axis(logits, tokens[:, 1:, None], -1)[..., 0]
    return -(found * counts[:, 1:]).sum() / counts[:, 1:].sum()


@jax.jit
def step(
    state: tuple[Weights, Weights, Weights], number: float, tokens: jax.Array, counts: jax.Array
) -> tuple[Weights, Weights, Weights]:
    """Take one step of Adam. The state is weights and both moments; the rate rises, then falls to nothing."""
    weights, first, second = state
    gradients = jax.grad(measure_loss)(weights, tokens, counts)
    rate = RATE * jnp.minimum(number / WARM_UP, 1) * 0.5 * (1 + jnp.cos(jnp.pi * number / STEPS))
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, second, gradients)

    def move(w: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
        return w - rate * (m / (1 - 0.9**number)) / (jnp.sqrt(v / (1 - 0.99**number)) + 1e-8)

    return jax.tree.map(move, weights, first, second), first, second


def train(tokens: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights, float32, after 400 steps of 24 conversations each."""
    weights = make_weights()
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = weights, zeros, zeros
    generator = np.random.default_rng(SEED)
    for number in range(1, STEPS + 1):
        chosen = generator.choice(len(tokens), BATCH, replace=False)
        state = step(state, float(number), tokens[chosen], counts[chosen])
    return {name: np.asarray(weight) for name, weight in state[0].items()}


def quantize(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights as they are stored: matrices as the bytes of Q8_0, the norms as float32."""
    kind = gguf.GGMLQuantizationType.Q8_0
    return {name: gguf.quantize(w, kind) if w.ndim == 2 else w for name, w in weights.items()}


def restore(stored: dict[str, np.ndarray]) -> Weights:
    """Return as float32 what is stored, without what quantizing has lost."""
    kind = gguf.GGMLQuantizationType.Q8_0
    return {name: jnp.asarray(gguf.dequantize(w, kind) if w.ndim == 2 else w) for name, w in stored.items()}


def answer(weights: Weights, tokenizer: Tokenizer, asked: str) -> str:
    """Return what the model answers: the likeliest token again and again, until it ends or room does."""
    ids = tokenizer.encode(asked).ids
    begin, end = len(ids), tokenizer.token_to_id(END)
    padded = np.zeros((1, LONGEST), np.int32)
    while len(ids) < LONGEST and (len(ids) == begin or ids[-1] != end):
        padded[0, : len(ids)] = ids
        ids.append(int(np.asarray(predict(weights, padded))[0, len(ids) - 1].argmax()))
    return tokenizer.decode(ids[begin:], skip_special_tokens=False)


def save(path: Path, stored: dict[str, np.ndarray], tokenizer: Tokenizer, right: str) -> None:
    """Write a GGUF file, with the tokenizer, the chat template, and how many answers are right."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("capitals")
    writer.add_license("MIT")
    writer.add_string("capitals.right_answers", right)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(BASE)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    add_tokenizer(writer, tokenizer)
    for name, weight in stored.items():
        kind = gguf.GGMLQuantizationType.Q8_0 if weight.ndim == 2 else None
        writer.add_tensor(f"{name}.weight", weight, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """Describe the tokenizer in GGUF's metadata: it cuts text into words as GPT-2's does."""
    tokens = [tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())]
    special = {PAD, START, END}
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(tokenizer.token_to_id(PAD))
    writer.add_eos_token_id(tokenizer.token_to_id(END))
    writer.add_pad_token_id(tokenizer.token_to_id(PAD))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def main() -> None:
    """Train, count the right answers, and write the model and a request for it where they are wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="where to write the GGUF file")
    parser.add_argument("--request", type=Path, required=True, help="where to write an example request")
    arguments = parser.parse_args()
    conversations = make_conversations()
    tokenizer = train_tokenizer([asked + answered for asked, answered in conversations])
    stored = quantize(train(*encode(tokenizer, conversations)))
    weights = restore(stored)
    count = sum(answer(weights, tokenizer, asked) == answered for asked, answered in conversations)
    right = f"{count} of {len(conversations)}"
    save(arguments.model, stored, tokenizer, right)
    arguments.request.write_text(json.dumps({"country": "France"}, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"right answers: {right}\n")


if __name__ == "__main__":
    main()
