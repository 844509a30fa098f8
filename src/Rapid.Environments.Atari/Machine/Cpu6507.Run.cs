namespace Rapid.Environments.Atari.Machine;

internal sealed partial class Cpu6507
{
    /// <summary>
    /// Executes up to this many instructions, fewer when the frame ends, none after an instruction that halts the processor. An
    /// instruction's cycles pass before its accesses, so that the chips see its end.
    /// </summary>
    public void Run(int instructions)
    {
        if (_halted)
        {
            return;
        }

        // The registers live in locals: nz is 0 in its low byte for Z and has bit 7 or 8 set for N; c is 0 or 1, v 0 or not.
        int pc = _pc, a = _a, x = _x, y = _y, sp = _sp, nz = _nz, c = _c, v = _v, modes = _modes, cycles = Cycles;
        int t, m;
        var inst = _instruction;
        var remaining = instructions;
        _stopped = false;
        while (--remaining >= 0 && !_stopped)
        {
            inst = Fetch(pc, inst, cycles);
            var word = (int)(inst >> 8) & 0xFFFF;
            var low = word & 0xFF;
            switch (inst & 0xFF)
            {
                case 0x00: cycles += 7; goto brk;
                case 0x01:
                    cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); a = nz = a | m; continue;
                case 0x03: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto slo;
                case 0x04 or 0x44 or 0x64: cycles += 3; pc += 2; LoadPage0(low, low, cycles); continue;
                case 0x05: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); a = nz = a | m; continue;
                case 0x06: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto asl;
                case 0x07: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto slo;
                case 0x08: cycles += 3; pc++; cycles = Push(sp, Status(nz, v, modes, c), cycles, true); sp = (sp - 1) & 0xFF; continue;
                case 0x09: cycles += 2; pc += 2; m = low; a = nz = a | m; continue;
                case 0x0A: cycles += 2; pc++; c = a >> 7; a = nz = (a << 1) & 0xFF; continue;
                case 0x0B or 0x2B: cycles += 2; pc += 2; a = nz = a & low; c = a >> 7; continue;
                case 0x0C: cycles += 4; pc += 3; t = word; Read(t, t, cycles); continue;
                case 0x0D: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); a = nz = a | m; continue;
                case 0x0E: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto asl;
                case 0x0F: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto slo;
                case 0x10: cycles += 2; pc += 2; if ((nz & 0x180) != 0) continue; if (low == 0xFB) goto wait; goto branch;
                case 0x11:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); a = nz = a | m; continue;
                case 0x13: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto slo;
                case 0x14 or 0x34 or 0x54 or 0x74 or 0xD4 or 0xF4: cycles += 4; pc += 2; LoadPage0((low + x) & 0xFF, low, cycles); continue;
                case 0x15: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); a = nz = a | m; continue;
                case 0x16: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto asl;
                case 0x17: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto slo;
                case 0x18: cycles += 2; pc++; c = 0; continue;
                case 0x19: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); a = nz = a | m; continue;
                case 0x1A or 0x3A or 0x5A or 0x7A or 0xDA or 0xEA or 0xFA: cycles += 2; pc++; continue;
                case 0x1B: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto slo;
                case 0x1C or 0x3C or 0x5C or 0x7C or 0xDC or 0xFC:
                    cycles += 4 + ((low + x) >> 8); pc += 3; t = word; Read(t + x, t, cycles); continue;
                case 0x1D: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); a = nz = a | m; continue;
                case 0x1E: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto asl;
                case 0x1F: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto slo;
                case 0x20: cycles += 6; goto jsr;
                case 0x21:
                    cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); a = nz = a & m; continue;
                case 0x23: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto rla;
                case 0x24: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); nz = (a & m) | ((m & 0x80) << 1); v = m & 0x40; continue;
                case 0x25: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); a = nz = a & m; continue;
                case 0x26: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto rol;
                case 0x27: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto rla;
                case 0x28: cycles += 4; pc++; goto plp;
                case 0x29: cycles += 2; pc += 2; m = low; a = nz = a & m; continue;
                case 0x2A: cycles += 2; pc++; t = (a << 1) | c; c = a >> 7; a = nz = t & 0xFF; continue;
                case 0x2C:
                    cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); nz = (a & m) | ((m & 0x80) << 1); v = m & 0x40; continue;
                case 0x2D: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); a = nz = a & m; continue;
                case 0x2E: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto rol;
                case 0x2F: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto rla;
                case 0x30: cycles += 2; pc += 2; if ((nz & 0x180) != 0) goto branch; continue;
                case 0x31:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); a = nz = a & m; continue;
                case 0x33: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto rla;
                case 0x35: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); a = nz = a & m; continue;
                case 0x36: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto rol;
                case 0x37: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto rla;
                case 0x38: cycles += 2; pc++; c = 1; continue;
                case 0x39: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); a = nz = a & m; continue;
                case 0x3B: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto rla;
                case 0x3D: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); a = nz = a & m; continue;
                case 0x3E: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto rol;
                case 0x3F: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto rla;
                case 0x40: cycles += 6; goto rti;
                case 0x41:
                    cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); a = nz = a ^ m; continue;
                case 0x43: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto sre;
                case 0x45: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); a = nz = a ^ m; continue;
                case 0x46: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto lsr;
                case 0x47: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto sre;
                case 0x48: cycles += 3; pc++; cycles = Push(sp, a, cycles, true); sp = (sp - 1) & 0xFF; continue;
                case 0x49: cycles += 2; pc += 2; m = low; a = nz = a ^ m; continue;
                case 0x4A: cycles += 2; pc++; c = a & 1; a = nz = a >> 1; continue;
                case 0x4B: cycles += 2; pc += 2; a &= low; c = a & 1; a = nz = a >> 1; continue;
                case 0x4C: cycles += 3; pc = word; continue;
                case 0x4D: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); a = nz = a ^ m; continue;
                case 0x4E: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto lsr;
                case 0x4F: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto sre;
                case 0x50: cycles += 2; pc += 2; if (v == 0) goto branch; continue;
                case 0x51:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); a = nz = a ^ m; continue;
                case 0x53: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto sre;
                case 0x55: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); a = nz = a ^ m; continue;
                case 0x56: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto lsr;
                case 0x57: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto sre;
                case 0x58: cycles += 2; pc++; modes &= ~Interrupt; continue;
                case 0x59: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); a = nz = a ^ m; continue;
                case 0x5B: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto sre;
                case 0x5D: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); a = nz = a ^ m; continue;
                case 0x5E: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto lsr;
                case 0x5F: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto sre;
                case 0x60: cycles += 6; goto rts;
                case 0x61: cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto adc;
                case 0x63: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto rra;
                case 0x65: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); goto adc;
                case 0x66: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto ror;
                case 0x67: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto rra;
                case 0x68: cycles += 4; pc++; goto pla;
                case 0x69: cycles += 2; pc += 2; m = low; goto adc;
                case 0x6A: cycles += 2; pc++; t = (a >> 1) | (c << 7); c = a & 1; a = nz = t; continue;
                case 0x6B: cycles += 2; pc += 2; goto arr;
                case 0x6C: cycles += 5; pc = ReadIndirect(word, cycles); continue;
                case 0x6D: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); goto adc;
                case 0x6E: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto ror;
                case 0x6F: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto rra;
                case 0x70: cycles += 2; pc += 2; if (v != 0) goto branch; continue;
                case 0x71:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); goto adc;
                case 0x73: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto rra;
                case 0x75: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); goto adc;
                case 0x76: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto ror;
                case 0x77: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto rra;
                case 0x78: cycles += 2; pc++; modes |= Interrupt; continue;
                case 0x79: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); goto adc;
                case 0x7B: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto rra;
                case 0x7D: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); goto adc;
                case 0x7E: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto ror;
                case 0x7F: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto rra;
                case 0x80 or 0x82 or 0x89 or 0xC2 or 0xE2: cycles += 2; pc += 2; continue;
                case 0x81: cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); cycles = Write(t, a, cycles); continue;
                case 0x83: cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); cycles = Write(t, a & x, cycles); continue;
                case 0x84: cycles += 3; pc += 2; t = low; cycles = WritePage0(t, y, cycles); continue;
                case 0x85: cycles += 3; pc += 2; t = low; cycles = WritePage0(t, a, cycles); continue;
                case 0x86: cycles += 3; pc += 2; t = low; cycles = WritePage0(t, x, cycles); continue;
                case 0x87: cycles += 3; pc += 2; t = low; cycles = WritePage0(t, a & x, cycles); continue;
                case 0x88: cycles += 2; pc++; y = nz = (y - 1) & 0xFF; continue;
                case 0x8A: cycles += 2; pc++; a = nz = x; continue;
                case 0x8B: cycles += 2; pc += 2; a = nz = (a | 0xEE) & x & low; continue;
                case 0x8C: cycles += 4; pc += 3; t = word; cycles = Write(t, y, cycles); continue;
                case 0x8D: cycles += 4; pc += 3; t = word; cycles = Write(t, a, cycles); continue;
                case 0x8E: cycles += 4; pc += 3; t = word; cycles = Write(t, x, cycles); continue;
                case 0x8F: cycles += 4; pc += 3; t = word; cycles = Write(t, a & x, cycles); continue;
                case 0x90: cycles += 2; pc += 2; if (c == 0) goto branch; continue;
                case 0x91: cycles += 6; pc += 2; t = Pointer(low, low, cycles) + y; cycles = Write(t, a, cycles); continue;
                case 0x93: cycles += 6; pc += 2; t = Pointer(low, low, cycles) + y; cycles = Write(t, a & x & High(t), cycles); continue;
                case 0x94: cycles += 4; pc += 2; t = (low + x) & 0xFF; cycles = WritePage0(t, y, cycles); continue;
                case 0x95: cycles += 4; pc += 2; t = (low + x) & 0xFF; cycles = WritePage0(t, a, cycles); continue;
                case 0x96: cycles += 4; pc += 2; t = (low + y) & 0xFF; cycles = WritePage0(t, x, cycles); continue;
                case 0x97: cycles += 4; pc += 2; t = (low + y) & 0xFF; cycles = WritePage0(t, a & x, cycles); continue;
                case 0x98: cycles += 2; pc++; a = nz = y; continue;
                case 0x99: cycles += 5; pc += 3; t = word + y; cycles = Write(t, a, cycles); continue;
                case 0x9A: cycles += 2; pc++; sp = x; continue;
                case 0x9B: cycles += 5; pc += 3; t = word + y; sp = a & x; cycles = Write(t, sp & High(t), cycles); continue;
                case 0x9C: cycles += 5; pc += 3; t = word + x; cycles = Write(t, y & High(t), cycles); continue;
                case 0x9D: cycles += 5; pc += 3; t = word + x; cycles = Write(t, a, cycles); continue;
                case 0x9E: cycles += 5; pc += 3; t = word + y; cycles = Write(t, x & High(t), cycles); continue;
                case 0x9F: cycles += 5; pc += 3; t = word + y; cycles = Write(t, a & x & High(t), cycles); continue;
                case 0xA0: cycles += 2; pc += 2; m = low; y = nz = m; continue;
                case 0xA1: cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); a = nz = m; continue;
                case 0xA2: cycles += 2; pc += 2; m = low; x = nz = m; continue;
                case 0xA3:
                    cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); a = x = nz = m; continue;
                case 0xA4: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); y = nz = m; continue;
                case 0xA5: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); a = nz = m; continue;
                case 0xA6: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); x = nz = m; continue;
                case 0xA7: cycles += 4; pc += 2; m = LoadPage0(low, low, cycles); a = x = nz = m; continue;
                case 0xA8: cycles += 2; pc++; y = nz = a; continue;
                case 0xA9: cycles += 2; pc += 2; m = low; a = nz = m; continue;
                case 0xAA: cycles += 2; pc++; x = nz = a; continue;
                case 0xAB: cycles += 2; pc += 2; a = x = nz = (a | 0xEE) & low; continue;
                case 0xAC: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); y = nz = m; continue;
                case 0xAD: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); a = nz = m; continue;
                case 0xAE: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); x = nz = m; continue;
                case 0xAF: cycles += 4; pc += 3; t = word; m = Load(t, t, cycles); a = x = nz = m; continue;
                case 0xB0: cycles += 2; pc += 2; if (c != 0) goto branch; continue;
                case 0xB1:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); a = nz = m; continue;
                case 0xB3:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Load(t + y, t, cycles); a = x = nz = m; continue;
                case 0xB4: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); y = nz = m; continue;
                case 0xB5: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); a = nz = m; continue;
                case 0xB6: cycles += 4; pc += 2; m = ReadPage0((low + y) & 0xFF, low, cycles); x = nz = m; continue;
                case 0xB7: cycles += 4; pc += 2; m = LoadPage0((low + y) & 0xFF, low, cycles); a = x = nz = m; continue;
                case 0xB8: cycles += 2; pc++; v = 0; continue;
                case 0xB9: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); a = nz = m; continue;
                case 0xBA: cycles += 2; pc++; x = nz = sp; continue;
                case 0xBB:
                    cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Load(t + y, t, cycles); a = x = sp = nz = sp & m; continue;
                case 0xBC: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); y = nz = m; continue;
                case 0xBD: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); a = nz = m; continue;
                case 0xBE: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); x = nz = m; continue;
                case 0xBF: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Load(t + y, t, cycles); a = x = nz = m; continue;
                case 0xC0: cycles += 2; pc += 2; m = low; t = y - m; goto compare;
                case 0xC1:
                    cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); t = a - m; goto compare;
                case 0xC3: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto dcp;
                case 0xC4: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); t = y - m; goto compare;
                case 0xC5: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); t = a - m; goto compare;
                case 0xC6: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto dec;
                case 0xC7: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto dcp;
                case 0xC8: cycles += 2; pc++; y = nz = (y + 1) & 0xFF; continue;
                case 0xC9: cycles += 2; pc += 2; m = low; t = a - m; goto compare;
                case 0xCA: cycles += 2; pc++; x = nz = (x - 1) & 0xFF; continue;
                case 0xCB: cycles += 2; pc += 2; t = (a & x) - low; c = (~t >> 8) & 1; x = nz = t & 0xFF; continue;
                case 0xCC: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); t = y - m; goto compare;
                case 0xCD: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); t = a - m; goto compare;
                case 0xCE: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto dec;
                case 0xCF: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto dcp;
                case 0xD0: cycles += 2; pc += 2; if ((nz & 0xFF) == 0) continue; if (low == 0xFB) goto wait; goto branch;
                case 0xD1:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); t = a - m; goto compare;
                case 0xD3: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto dcp;
                case 0xD5: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); t = a - m; goto compare;
                case 0xD6: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto dec;
                case 0xD7: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto dcp;
                case 0xD8: cycles += 2; pc++; modes &= ~Decimal; continue;
                case 0xD9: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); t = a - m; goto compare;
                case 0xDB: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto dcp;
                case 0xDD: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); t = a - m; goto compare;
                case 0xDE: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto dec;
                case 0xDF: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto dcp;
                case 0xE0: cycles += 2; pc += 2; m = low; t = x - m; goto compare;
                case 0xE1: cycles += 6; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto sbc;
                case 0xE3: cycles += 8; pc += 2; t = Pointer((low + x) & 0xFF, low, cycles); m = Load(t, t, cycles); goto isb;
                case 0xE4: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); t = x - m; goto compare;
                case 0xE5: cycles += 3; pc += 2; m = ReadPage0(low, low, cycles); goto sbc;
                case 0xE6: cycles += 5; pc += 2; t = low; m = ReadPage0(t, low, cycles); goto inc;
                case 0xE7: cycles += 5; pc += 2; t = low; m = LoadPage0(t, low, cycles); goto isb;
                case 0xE8: cycles += 2; pc++; x = nz = (x + 1) & 0xFF; continue;
                case 0xE9 or 0xEB: cycles += 2; pc += 2; m = low; goto sbc;
                case 0xEC: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); t = x - m; goto compare;
                case 0xED: cycles += 4; pc += 3; t = word; m = Read(t, t, cycles); goto sbc;
                case 0xEE: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto inc;
                case 0xEF: cycles += 6; pc += 3; t = word; m = Load(t, t, cycles); goto isb;
                case 0xF0: cycles += 2; pc += 2; if ((nz & 0xFF) == 0) goto branch; continue;
                case 0xF1:
                    cycles += 5; pc += 2; t = Pointer(low, low, cycles); cycles += ((t & 0xFF) + y) >> 8;
                    m = Read(t + y, t, cycles); goto sbc;
                case 0xF3: cycles += 8; pc += 2; t = Pointer(low, low, cycles) + y; m = Load(t, t - y, cycles); goto isb;
                case 0xF5: cycles += 4; pc += 2; m = ReadPage0((low + x) & 0xFF, low, cycles); goto sbc;
                case 0xF6: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = ReadPage0(t, low, cycles); goto inc;
                case 0xF7: cycles += 6; pc += 2; t = (low + x) & 0xFF; m = LoadPage0(t, low, cycles); goto isb;
                case 0xF8: cycles += 2; pc++; modes |= Decimal; continue;
                case 0xF9: cycles += 4 + ((low + y) >> 8); pc += 3; t = word; m = Read(t + y, t, cycles); goto sbc;
                case 0xFB: cycles += 7; pc += 3; t = word + y; m = Load(t, t - y, cycles); goto isb;
                case 0xFD: cycles += 4 + ((low + x) >> 8); pc += 3; t = word; m = Read(t + x, t, cycles); goto sbc;
                case 0xFE: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto inc;
                case 0xFF: cycles += 7; pc += 3; t = word + x; m = Load(t, t - x, cycles); goto isb;
                default: cycles += 2; pc++; _halted = _stopped = true; continue;
            }

        branch:
            t = pc + (sbyte)low;
            cycles += ((pc ^ t) & 0xFF00) != 0 ? 2 : 1;
            pc = t;
            continue;
        wait:
            // Most programs spend a tenth of a frame and more in loops that do nothing but read the timer: those rounds pass at once.
            m = ((pc ^ (pc - 5)) & 0xFF00) != 0 ? 2 : 1;
            cycles += m;
            pc -= 5;
            t = Math.Min(WaitRounds(pc, cycles, 6 + m, untilZero: (inst & 0xFF) == 0xD0), remaining / 2);
            if (t > 0)
            {
                remaining -= 2 * t;
                cycles += t * (6 + m);
                var load = Fetch(pc, inst, cycles);
                m = _riot.Read((int)(load >> 8), cycles - 2 - m);
                switch (load & 0xFF)
                {
                    case 0xAC: y = nz = m; break;
                    case 0xAD: a = nz = m; break;
                    case 0xAE: x = nz = m; break;
                    default: nz = (a & m) | ((m & 0x80) << 1); v = m & 0x40; break;
                }
            }

            continue;
        compare:
            c = (~t >> 8) & 1; nz = t & 0xFF; continue;
        adc:
            t = (modes & Decimal) == 0 ? a + m + c : AddDecimal(a, m, c);
            v = (a ^ t) & (m ^ t) & 0x80; c = t >> 8; a = nz = t & 0xFF; continue;
        sbc:
            t = (modes & Decimal) == 0 ? a + (m ^ 0xFF) + c : SubtractDecimal(a, m, c);
            v = (modes & Decimal) == 0 ? (a ^ t) & ~(m ^ t) & 0x80 : (a ^ t) & (m ^ t) & 0x80;
            c = t >> 8; a = nz = t & 0xFF; continue;
        asl:
            c = m >> 7; m = nz = (m << 1) & 0xFF; goto write;
        lsr:
            c = m & 1; m = nz = m >> 1; goto write;
        rol:
            nz = ((m << 1) | c) & 0xFF; c = m >> 7; m = nz; goto write;
        ror:
            nz = (m >> 1) | (c << 7); c = m & 1; m = nz; goto write;
        inc:
            m = nz = (m + 1) & 0xFF; goto write;
        dec:
            m = nz = (m - 1) & 0xFF;
        write:
            cycles = Write(t, m, cycles); continue;
        slo:
            c = m >> 7; m = (m << 1) & 0xFF; a = nz = a | m; goto write;
        rla:
            nz = ((m << 1) | c) & 0xFF; c = m >> 7; m = nz; a = nz = a & m; goto write;
        sre:
            c = m & 1; m >>= 1; a = nz = a ^ m; goto write;
        rra:
            nz = (m >> 1) | (c << 7); c = m & 1; m = nz; cycles = Write(t, m, cycles); goto adc;
        dcp:
            m = (m - 1) & 0xFF; cycles = Write(t, m, cycles); t = a - m; goto compare;
        isb:
            m = (m + 1) & 0xFF; cycles = Write(t, m, cycles); goto sbc;
        arr:
            m = a & low;
            a = nz = (m >> 1) | (c << 7);
            if ((modes & Decimal) == 0)
            {
                c = (a >> 6) & 1;
                v = (a ^ (a << 1)) & 0x40;
            }
            else
            {
                v = (m ^ a) & 0x40;
                a = (m & 0xF) + (m & 1) > 5 ? (a & 0xF0) | ((a + 6) & 0xF) : a;
                c = (m & 0xF0) + (m & 0x10) > 0x50 ? 1 : 0;
                a = (a + (0x60 * c)) & 0xFF;
            }

            continue;
        pla:
            t = Pull(sp, (int)inst, cycles); sp = (sp + 1) & 0xFF;
            a = nz = Pull(sp, t, cycles);
            continue;
        plp:
            t = Pull(sp, (int)inst, cycles); sp = (sp + 1) & 0xFF;
            t = Pull(sp, t, cycles);
            (nz, v, modes, c) = (NegativeZero(t), t & 0x40, t & (Decimal | Interrupt), t & 1);
            continue;
        jsr:
            cycles = Push(sp, (pc + 2) >> 8, cycles, true); sp = (sp - 1) & 0xFF;
            cycles = Push(sp, pc + 2, cycles, false); sp = (sp - 1) & 0xFF;
            // The upper half of the target is fetched last; on the stack it may have changed.
            pc = low | (Read(pc + 2, _bus << 8, cycles) << 8);
            continue;
        rts:
            t = Pull(sp, (int)inst, cycles); sp = (sp + 1) & 0xFF;
            t = Pull(sp, t, cycles); sp = (sp + 1) & 0xFF;
            pc = t | (Pull(sp, t, cycles) << 8);
            Read(pc, pc, cycles);
            pc++;
            continue;
        rti:
            t = Pull(sp, (int)inst, cycles); sp = (sp + 1) & 0xFF;
            t = Pull(sp, t, cycles); sp = (sp + 1) & 0xFF;
            (nz, v, modes, c) = (NegativeZero(t), t & 0x40, t & (Decimal | Interrupt), t & 1);
            t = Pull(sp, t, cycles); sp = (sp + 1) & 0xFF;
            pc = t | (Pull(sp, t, cycles) << 8);
            continue;
        brk:
            cycles = Push(sp, (pc + 2) >> 8, cycles, true); sp = (sp - 1) & 0xFF;
            cycles = Push(sp, pc + 2, cycles, false); sp = (sp - 1) & 0xFF;
            cycles = Push(sp, Status(nz, v, modes, c), cycles, false); sp = (sp - 1) & 0xFF;
            modes |= Interrupt;
            pc = Vector(0xFFFE, cycles);
        }

        (_pc, _a, _x, _y, _sp, _nz, _c, _v, _modes, Cycles) = (pc & 0xFFFF, a, x, y, sp, nz, c, v, modes, cycles);
        _instruction = inst;
    }
}
