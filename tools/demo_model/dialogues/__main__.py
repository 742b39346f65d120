"""Prints sample dialogues: python3 -m dialogues [COUNT] [SEED] [train|test]"""
import random
import sys

from . import generate


def main():
    count, seed, split = (sys.argv[1:] + ["20", "1", "train"][len(sys.argv) - 1:])[:3]
    for dialogue in generate(random.Random(int(seed)), int(count), split):
        for user, reply in dialogue:
            print(f"> {user}\n< {reply}")
        print()


if __name__ == "__main__":
    main()
