from hypothesis import settings

settings.register_profile("kernels", deadline=None)  # the first example compiles the kernel
settings.load_profile("kernels")
