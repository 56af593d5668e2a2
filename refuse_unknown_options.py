"""The extension under its former name, which records of older versions hold when they are replayed."""

from judge_answers import JudgeAnswers as RefuseUnknownOptions

__all__ = ["RefuseUnknownOptions"]
