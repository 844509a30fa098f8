"""Writes and reads directories of replay data with nothing but NumPy, as docs/replay-files.md describes them.

    replay_files.py write DIR          random play of a pendulum, in blocks of 50 steps of 8 environments
    replay_files.py write-flat DIR     the same as single transitions, in blocks of one step of 800 environments
    replay_files.py read DIR           sums over all steps, as one line of JSON
"""
import json
import os
import struct
import sys

import numpy as np

DTYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64, "U8": np.uint8, "BOOL": np.bool_}
EPISODE, STEPS, ENVIRONMENTS, EPISODES = 200, 50, 8, 10


def save(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        dtype = next(key for key, value in DTYPES.items() if value == array.dtype)
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def load(path):
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def play():
    """Episodes of a pendulum under random torques: observations [E, T+1, N, 3], actions [E, T, N, 1], rewards [E, T, N]."""
    random = np.random.default_rng(3)
    observations = np.zeros((EPISODES, EPISODE + 1, ENVIRONMENTS, 3), np.float32)
    actions = random.uniform(-2, 2, (EPISODES, EPISODE, ENVIRONMENTS, 1)).astype(np.float32)
    rewards = np.zeros((EPISODES, EPISODE, ENVIRONMENTS), np.float32)
    for episode in range(EPISODES):
        angle = random.uniform(-np.pi, np.pi, ENVIRONMENTS)
        speed = random.uniform(-1, 1, ENVIRONMENTS)
        for step in range(EPISODE + 1):
            observations[episode, step] = np.stack([np.cos(angle), np.sin(angle), speed], axis=-1)
            if step == EPISODE:
                break
            torque = actions[episode, step, :, 0].astype(np.float64)
            distance = (angle + np.pi) % (2 * np.pi) - np.pi
            rewards[episode, step] = -(distance**2 + 0.1 * speed**2 + 0.001 * torque**2)
            speed = np.clip(speed + (15 * np.sin(angle) + 3 * torque) * 0.05, -8, 8)
            angle = angle + speed * 0.05
    return observations, actions, rewards


def write(directory):
    observations, actions, rewards = play()
    parts = EPISODE // STEPS
    blocks = EPISODES * parts
    starts = [(episode, part * STEPS) for episode in range(EPISODES) for part in range(parts)]
    truncated = np.zeros((blocks, STEPS, ENVIRONMENTS), np.bool_)
    truncated[parts - 1 :: parts, -1] = True
    # An episode that was cut goes on with the first observation of the next; what it would have seen is a final observation.
    following = np.concatenate([observations[1:, :1], observations[-1:, -1:]])
    whole = np.concatenate([observations[:, :-1], following], axis=1)
    os.makedirs(directory)
    half = blocks // 2
    for number, part in enumerate([slice(0, half), slice(half, blocks)]):
        finals = observations[[e for e, s in starts[part] if s + STEPS == EPISODE], -1]
        save(os.path.join(directory, f"part-{number}.safetensors"), {
            "observations": np.stack([whole[e, s : s + STEPS + 1] for e, s in starts[part]]),
            "actions": np.stack([actions[e, s : s + STEPS] for e, s in starts[part]]),
            "rewards": np.stack([rewards[e, s : s + STEPS] for e, s in starts[part]]),
            "terminated": np.zeros_like(truncated[part]),
            "truncated": truncated[part],
            "final_observations": finals.reshape(-1, 3),
        })
    write_index(directory, ["part-0.safetensors", "part-1.safetensors"])


def write_flat(directory):
    observations, actions, rewards = play()
    width = 800
    before, after = observations[:, :-1].reshape(-1, 1, width, 3), observations[:, 1:].reshape(-1, 1, width, 3)
    flags = np.zeros((before.shape[0], 1, width), np.uint8)
    os.makedirs(directory)
    save(os.path.join(directory, "all.safetensors"), {
        "observations": np.concatenate([before, after], axis=1),
        "actions": actions.reshape(-1, 1, width, 1),
        "rewards": rewards.reshape(-1, 1, width),
        "terminated": flags,
        "truncated": flags,
    })
    write_index(directory, ["all.safetensors"])


def write_index(directory, files):
    with open(os.path.join(directory, "replay.json"), "w", encoding="utf-8") as file:
        json.dump({"format": "rapid-replay-data-1", "environment": {"name": "Pendulum-v1"}, "files": files}, file)


def read(directory):
    with open(os.path.join(directory, "replay.json"), encoding="utf-8") as file:
        index = json.load(file)
    sums, blocks, named = {}, 0, 0
    for name in index["files"]:
        tensors, metadata = load(os.path.join(directory, name))
        blocks += len(tensors["rewards"])
        named += len({(b["producer"], b["sequence"]) for b in json.loads(metadata["blocks"])} if "blocks" in metadata else [])
        for column, array in tensors.items():
            sums[column] = sums.get(column, 0) + float(array.sum(dtype=np.float64))
    print(json.dumps({"blocks": blocks, "named": named, "sums": {key: round(value, 3) for key, value in sorted(sums.items())}}))


if __name__ == "__main__":
    {"write": write, "write-flat": write_flat, "read": read}[sys.argv[1]](sys.argv[2])
