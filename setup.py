"""Build the optional C kernels; without a compiler the package installs all the same and uses NumPy."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "nlsearch._kernels",
            sources=["src/nlsearch/_kernels.c"],
            depends=["src/nlsearch/_voting.c", "src/nlsearch/_graphs.c", "src/nlsearch/_matching.c"],
            extra_compile_args=["-O3", "-std=c11", "-fno-math-errno"],
            optional=True,
        )
    ]
)
