// Types of tensors' elements, as kernels that take several of them are told. A bool is a byte, 0 or 1.
#pragma once
#include "addon/shared-names.h"

NAMED_ENUM(ElementType, float32, int32, uint8);
constexpr int kElementTypes = 3;
