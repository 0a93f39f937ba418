"""Follow personal data through a dbt project and stop it at the safe marts."""

__version__ = "0.1.0"
