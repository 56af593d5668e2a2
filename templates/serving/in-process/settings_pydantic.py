from pydantic import BeforeValidator, Field, ValidationError
