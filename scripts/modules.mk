# What modules.sh does at once. With -j, make and the cargos it starts share that many jobs, so that no core idles while a module
# is down to one crate, and memory holds no more compilers than there are cores.
.PHONY: all rust bindgen compile-webgpu compile-cpu compile-cpu-relaxed

# In this order: the CPU module waits two minutes for a single crate, burn-flex, and the others fill the time.
all: compile-cpu-relaxed compile-webgpu bindgen

# The same but for our own crate, and cargo writes both to the same place.
compile-cpu-relaxed: compile-cpu

compile-webgpu compile-cpu compile-cpu-relaxed: compile-%: rust
	+scripts/modules.sh compile $*

rust:
	+scripts/modules.sh need_wasm_rust

bindgen:
	+scripts/modules.sh need_bindgen
