// Everything else is hidden: what kernels, bindings and tests call is exported by name.
#pragma once
#define EMU_EXPORT extern "C" __attribute__((visibility("default")))
