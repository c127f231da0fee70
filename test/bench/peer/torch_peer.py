"""The PyTorch side of engine.bench.ts: a Llama decoder in eager float32, as one would write it by hand.

    torch_peer.py about|peak|train|generate|memory THREADS [WORKLOAD_FOLDER SECONDS]

Prints one JSON line when it is ready; `train` and `generate` then take a measurement of at least SECONDS for every
line on standard input, and print one JSON line each. The folder holds config.json, model.safetensors and batch.json.
"""
import ctypes
import json
import re
import struct
import sys
import time

import torch
import torch.nn.functional as F

HAS_SDPA = hasattr(F, "scaled_dot_product_attention")
ADAMW = dict(lr=1e-4, betas=(0.9, 0.999), eps=1e-8)
WEIGHT_DECAY = 0.01
MAX_GRAD_NORM = 1.0


def say(**values):
    print(json.dumps(values), flush=True)


def status_kb(field):
    """A field of /proc/self/status, in KiB: VmRSS (resident now) or VmHWM (its peak)."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def openblas():
    """The OpenBLAS that this process has loaded, or None."""
    try:
        with open("/proc/self/maps") as lines:
            paths = {line.split()[-1] for line in lines if re.search(r"/lib(open)?blas[^/]*\.so", line)}
    except OSError:
        return None
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_config"):
            library.openblas_get_config.restype = ctypes.c_char_p
            library.openblas_get_corename.restype = ctypes.c_char_p
            version = library.openblas_get_config().decode().split()[1]
            return dict(version=version, core=library.openblas_get_corename().decode())
    return None


def about():
    config = torch.__config__.show()
    found = openblas()
    mkl = re.search(r"Math Kernel Library Version ([\w.]+)", config)
    if found:
        blas = f"OpenBLAS {found['version']} {found['core']}"
    elif mkl or "BLAS_INFO=mkl" in config:
        blas = f"MKL {mkl.group(1)}" if mkl else "MKL"
    else:
        blas = "BLAS " + (re.search(r"BLAS_INFO=(\w+)", config) or ["", "unknown"])[1]
    simd = re.search(r"CPU capability usage: (\w+)", config)
    return dict(
        version=torch.__version__,
        blas=blas,
        simd=simd.group(1) if simd else "unknown",
        openblasCore=found["core"] if found else None,
        attention="scaled_dot_product_attention" if HAS_SDPA else "masked softmax",
        threads=torch.get_num_threads(),
    )


def read_safetensors(path):
    """Float32 tensors by name: u64 header length, JSON header, data (little-endian)."""
    tensors = {}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        for name, entry in sorted(header.items(), key=lambda item: item[1].get("data_offsets", [0])[0]):
            if name == "__metadata__":
                continue
            if entry["dtype"] != "F32":
                raise ValueError(f"{path}: {name} is {entry['dtype']}; only F32 is read")
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            data = bytearray(end - begin)
            file.readinto(data)
            tensors[name] = torch.frombuffer(data, dtype=torch.float32).reshape(entry["shape"])
    return tensors


def rotate(x, cos, sin):
    """Rotary position embedding, rotate-half. x [B, H, T, D]; cos, sin [T, D]."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-b, a), dim=-1) * sin


def causal_attention(q, k, v):
    """q [B, H, T, D]; k, v [B, K, T, D], with K dividing H."""
    if k.shape[1] != q.shape[1]:
        k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    if HAS_SDPA:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    mask = torch.full((q.shape[2], q.shape[2]), float("-inf")).triu(1)
    return torch.softmax(q @ k.transpose(2, 3) * q.shape[3] ** -0.5 + mask, dim=-1) @ v


class Llama(torch.nn.Module):
    """RMSNorm, rotary, SwiGLU, tied embeddings, no biases. Parameters keep the names of the file."""

    def __init__(self, folder):
        super().__init__()
        with open(f"{folder}/config.json") as file:
            c = json.load(file)
        self.layers = c["num_hidden_layers"]
        self.heads, self.kv_heads, self.head_dim = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"]
        self.hidden, self.epsilon = c["hidden_size"], c["rms_norm_eps"]
        tensors = read_safetensors(f"{folder}/model.safetensors")
        self.weights = {name: torch.nn.Parameter(tensor) for name, tensor in tensors.items()}
        for name, weight in self.weights.items():
            self.register_parameter(name.replace(".", "_"), weight)
        self.blocks = [
            {
                key: self.weights[f"model.layers.{layer}.{name}.weight"]
                for key, name in dict(
                    norm1="input_layernorm",
                    q="self_attn.q_proj",
                    k="self_attn.k_proj",
                    v="self_attn.v_proj",
                    o="self_attn.o_proj",
                    norm2="post_attention_layernorm",
                    gate="mlp.gate_proj",
                    up="mlp.up_proj",
                    down="mlp.down_proj",
                ).items()
            }
            for layer in range(self.layers)
        ]
        frequencies = c["rope_theta"] ** (-torch.arange(0, self.head_dim, 2, dtype=torch.float32) / self.head_dim)
        angles = torch.outer(torch.arange(c["max_position_embeddings"], dtype=torch.float32), frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    def norm(self, x, weight):
        # By hand: F.rms_norm is no faster on a CPU.
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * weight

    def forward(self, tokens, start=0, cache=None):
        """Logits. tokens [B, T] -> [B, T, V]; with a cache, of the last position alone: [B, V]."""
        b, t = tokens.shape
        cos, sin = self.cos[start : start + t], self.sin[start : start + t]
        embedding = self.weights["model.embed_tokens.weight"]
        x = F.embedding(tokens, embedding)
        for i, w in enumerate(self.blocks):
            h = self.norm(x, w["norm1"])
            q = F.linear(h, w["q"]).view(b, t, self.heads, self.head_dim).transpose(1, 2)
            k = F.linear(h, w["k"]).view(b, t, self.kv_heads, self.head_dim).transpose(1, 2)
            v = F.linear(h, w["v"]).view(b, t, self.kv_heads, self.head_dim).transpose(1, 2)
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            if cache is not None:
                cache[i][0][:, :, start : start + t] = k
                cache[i][1][:, :, start : start + t] = v
            if start == 0:
                a = causal_attention(q, k, v)
            else:
                a = self.attend_one(q, *(x[:, :, : start + 1] for x in cache[i]))
            x = x + F.linear(a.transpose(1, 2).reshape(b, t, self.heads * self.head_dim), w["o"])
            h = self.norm(x, w["norm2"])
            x = x + F.linear(F.silu(F.linear(h, w["gate"])) * F.linear(h, w["up"]), w["down"])
        if cache is not None:
            x = x[:, -1]
        return F.linear(self.norm(x, self.weights["model.norm.weight"]), embedding)

    def attend_one(self, q, k, v):
        """One new position. q [B, H, 1, D]; k, v [B, K, T, D]: the queries that share a key head are the rows of one product."""
        grouped = q.reshape(q.shape[0], self.kv_heads, -1, self.head_dim)
        if HAS_SDPA:
            a = F.scaled_dot_product_attention(grouped, k, v)
        else:
            a = torch.softmax(grouped @ k.transpose(2, 3) * self.head_dim**-0.5, dim=-1) @ v
        return a.reshape(q.shape)


class Trainer:
    """GRPO's loss at the first update: -sum(advantage * logprob) / predicted tokens."""

    def __init__(self, model, batch):
        self.model = model
        tokens = torch.tensor(batch["tokens"])
        self.inputs, self.targets = tokens[:, :-1].contiguous(), tokens[:, 1:, None].contiguous()
        self.advantages = torch.tensor(batch["advantages"])[:, None]
        weights = list(model.parameters())
        matrices, vectors = [w for w in weights if w.dim() > 1], [w for w in weights if w.dim() == 1]
        groups = [dict(params=matrices, weight_decay=WEIGHT_DECAY), dict(params=vectors, weight_decay=0.0)]
        self.optimizer = torch.optim.AdamW(groups, **ADAMW)

    def step(self):
        logits = self.model(self.inputs)
        logprobs = F.log_softmax(logits, dim=-1).gather(-1, self.targets).squeeze(-1)
        loss = -(self.advantages * logprobs).sum() / logprobs.numel()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRAD_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item(), float(norm)

    def measure(self, seconds):
        started, steps = time.perf_counter(), 0
        while steps == 0 or time.perf_counter() - started < seconds:
            self.step()
            steps += 1
        return dict(seconds=time.perf_counter() - started, tokens=steps * self.targets.numel())


class Generator:
    """Sampling at temperature 1 with a key/value cache of full length, allocated once a batch."""

    def __init__(self, model, batch):
        self.model, self.new_tokens = model, batch["newTokens"]
        self.prompts = torch.tensor(batch["prompts"])

    @torch.no_grad()
    def rollouts(self):
        model, (b, start) = self.model, self.prompts.shape
        shape = (b, model.kv_heads, start + self.new_tokens, model.head_dim)
        cache = [(torch.empty(shape), torch.empty(shape)) for _ in range(model.layers)]
        tokens, logprobs, entropies = [], [], []
        logits = model(self.prompts, 0, cache)
        for i in range(self.new_tokens):
            log_p = F.log_softmax(logits, dim=-1)
            p = log_p.exp()
            token = torch.multinomial(p, 1)
            tokens.append(token)
            logprobs.append(log_p.gather(-1, token))
            entropies.append(-(p * log_p).sum(-1, keepdim=True))
            if i + 1 < self.new_tokens:
                logits = model(token, start + i, cache)
        return torch.cat(tokens, 1), torch.cat(logprobs, 1), torch.cat(entropies, 1)

    def measure(self, seconds):
        started, tokens, entropy, count = time.perf_counter(), 0, 0.0, 0
        while tokens == 0 or time.perf_counter() - started < seconds:
            drawn, _, entropies = self.rollouts()
            tokens += drawn.numel()
            entropy += entropies.mean().item()
            count += 1
        return dict(seconds=time.perf_counter() - started, tokens=tokens, entropy=entropy / count)


def peak():
    """Largest GFLOP/s of float32 products of square matrices, best of many."""
    best = {}
    for size in (1024, 1536, 2048):
        a, b = torch.randn(size, size), torch.randn(size, size)
        c = torch.empty(size, size)
        shortest, started = float("inf"), time.perf_counter()
        while time.perf_counter() - started < 1:
            before = time.perf_counter()
            torch.mm(a, b, out=c)
            shortest = min(shortest, time.perf_counter() - before)
        best[size] = 2 * size**3 / shortest / 1e9
    return best


def main(figure, threads, folder=None, seconds="2"):
    torch.set_num_threads(int(threads))
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    if figure == "about":
        return say(**about())
    if figure == "peak":
        return say(gflops=max(peak().values()))
    before = status_kb("VmRSS") if figure == "memory" else None
    with open(f"{folder}/batch.json") as file:
        batch = json.load(file)
    model = Llama(folder)
    if figure == "memory":
        trainer = Trainer(model, batch)
        for _ in range(2):  # The optimizer's moments stand beside the activations from the second step on.
            trainer.step()
        raw = status_kb("VmHWM")
        return say(rawBytes=raw * 1024, netBytes=(raw - before) * 1024)
    if figure == "train":
        measured = Trainer(model, batch)
        loss, norm = measured.step()
        say(loss=loss, gradNorm=norm)
    elif figure == "generate":
        measured = Generator(model, batch)
        measured.rollouts()
        say(ready=True)
    else:
        raise ValueError(f"figure {figure} is unknown; allowed is about, peak, train, generate, memory")
    for _ in sys.stdin:
        say(**measured.measure(float(seconds)))


main(*sys.argv[1:])
