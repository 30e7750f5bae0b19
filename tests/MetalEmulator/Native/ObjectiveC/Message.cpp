// objc_msgSend: looks up the method and jumps to it with every argument register and the stack as the caller left them,
// so that structures passed by value arrive as they do on a Mac.
asm(R"(
.text
.globl objc_msgSend
.type objc_msgSend,@function
objc_msgSend:
    test %rdi, %rdi
    jz .Lnil
    push %rbp
    mov %rsp, %rbp
    sub $0xC0, %rsp
    mov %rdi, 0x00(%rsp)
    mov %rsi, 0x08(%rsp)
    mov %rdx, 0x10(%rsp)
    mov %rcx, 0x18(%rsp)
    mov %r8, 0x20(%rsp)
    mov %r9, 0x28(%rsp)
    movups %xmm0, 0x30(%rsp)
    movups %xmm1, 0x40(%rsp)
    movups %xmm2, 0x50(%rsp)
    movups %xmm3, 0x60(%rsp)
    movups %xmm4, 0x70(%rsp)
    movups %xmm5, 0x80(%rsp)
    movups %xmm6, 0x90(%rsp)
    movups %xmm7, 0xA0(%rsp)
    call emu_method
    mov %rax, %r11
    mov 0x00(%rsp), %rdi
    mov 0x08(%rsp), %rsi
    mov 0x10(%rsp), %rdx
    mov 0x18(%rsp), %rcx
    mov 0x20(%rsp), %r8
    mov 0x28(%rsp), %r9
    movups 0x30(%rsp), %xmm0
    movups 0x40(%rsp), %xmm1
    movups 0x50(%rsp), %xmm2
    movups 0x60(%rsp), %xmm3
    movups 0x70(%rsp), %xmm4
    movups 0x80(%rsp), %xmm5
    movups 0x90(%rsp), %xmm6
    movups 0xA0(%rsp), %xmm7
    leave
    test %r11, %r11
    jz .Lnil
    jmp *%r11
.Lnil:
    xor %eax, %eax
    xor %edx, %edx
    pxor %xmm0, %xmm0
    pxor %xmm1, %xmm1
    ret
)");
