; Duel: a game of bat and ball for the Atari 2600. 4 KiB, NTSC, 262 lines.
;
; The player has the left bat, the machine the right one. Who misses the ball gives the other a point and serves; 21 points win. The player
; has three lives and loses one with every seventh point conceded. The ball gets faster with every hit, and flies the steeper the farther from
; its middle a bat hits it.
; Joystick up and down move, the button serves (the ball goes by itself after two seconds). RESET starts a game, SELECT changes the mode:
; in the second the machine is faster. Left difficulty A makes the player's bat shorter.

; television interface
VSYNC  = $00
VBLANK = $01
WSYNC  = $02
COLUP0 = $06
COLUP1 = $07
COLUPF = $08
COLUBK = $09
CTRLPF = $0A
PF0    = $0D
PF1    = $0E
PF2    = $0F
NUSIZ0 = $04
RESP0  = $10
AUDC0  = $15
AUDF0  = $17
AUDV0  = $19
GRP0   = $1B
GRP1   = $1C
ENAM0  = $1D
ENABL  = $1F
HMP0   = $20
HMOVE  = $2A
INPT4  = $0C                ; read
; ports and timer
SWCHA  = $280
SWCHB  = $282
INTIM  = $284
TIM64T = $296

; colours
player   = $C8
machine  = $38
white    = $0E
wall     = $08
court    = $90

; sizes, in lines and pixels
lines    = 160              ; of the court
long     = 24               ; bat
short    = 16
ballSize = 5                ; lines; it is 4 pixels wide
bat0     = 16               ; left edge of the player's bat
bat1     = 140
front0   = bat0 + 4         ; left edge of a ball that touches a bat
front1   = bat1 - 4
home     = (lines - long) / 2
points   = 21

; states of the game
choosing = 0                ; shows the mode
playing  = 1
over     = 2

; memory
seed       = $80            ; two bytes, never cleared
status     = $82
mode       = $83
score0     = $84            ; the player's points
score1     = $85            ; the machine's
lives      = $86
y0         = $87            ; top line of a bat
y1         = $88
y1Fraction = $89
length0    = $8A
ballX      = $8B            ; left edge
ballXFraction = $8C
ballY      = $8D            ; top line
ballYFraction = $8E
speed      = $8F            ; horizontal, in 1/256 pixels a frame
speedHigh  = $90
leftward   = $91            ; bit 7: the ball flies to the player
fall       = $92            ; vertical, in 1/256 lines a frame, signed
fallHigh   = $93
serve      = $94            ; frames until the ball goes by itself; 0 while it flies
server     = $95            ; 0 the player, 1 the machine
target     = $96            ; where the machine wants its bat
aim        = $97            ; from the bat's middle to where the machine wants to hit
clock      = $98
lastSelect = $99            ; 1 while SELECT was up
sound      = $9A            ; frames of the sound still to come
digits0    = $9B            ; five rows of the score as playfield, last row first
digits1    = $A0
shape0     = $A5            ; two bytes each: shapes by the line counter
shape1     = $A7
shapeBall  = $A9
temporary  = $AB
column     = $AC             ; of the digits drawn
units      = $AD
tens       = $AE

    .org $F000
start:
    sei
    cld
    ldx #$FF
    txs
    lda INTIM               ; what power-on left in the timer and in memory makes games differ
    eor seed
    sta seed
    ora seed+1
    bne @clear
    inc seed                ; the generator would stay at zero
@clear:
    lda #0
    ldx #$2C
@registers:
    sta VSYNC,x
    dex
    bpl @registers
    ldx #$FF-status
@memory:
    sta status,x
    dex
    bpl @memory
    lda #home
    sta y0
    sta y1
    sta ballX
    lda #3
    sta lives

; ---------------------------------------------------------------- frame
frame:
    lda #2
    sta WSYNC
    sta VBLANK
    sta VSYNC
    sta WSYNC
    sta WSYNC
    lda #41
    sta TIM64T
    sta WSYNC
    lda #0
    sta VSYNC

    ldx #4                  ; both bats, the centre line, the ball
@object:
    lda columns,x
    cpx #4
    bne @fixed
    lda ballX
    sec
    sbc #2
@fixed:
    cpx #3                  ; there is no second missile
    beq @next
    jsr place
@next:
    dex
    bpl @object
    sta WSYNC
    sta HMOVE

    lda #<longBat           ; the lower an object, the later in its shape the line counter begins
    ldx #>longBat
    ldy length0
    cpy #short
    bne @size
    lda #<shortBat
    ldx #>shortBat
@size:
    clc
    adc y0
    sta shape0
    txa
    adc #0
    sta shape0+1
    lda #<longBat
    clc
    adc y1
    sta shape1
    lda #>longBat
    adc #0
    sta shape1+1
    lda #<nothing
    ldx #>nothing
    ldy status
    cpy #playing
    bne @ball
    lda #<ball
    clc
    adc ballY
    ldx #>ball
    bcc @ball
    inx
@ball:
    sta shapeBall
    stx shapeBall+1

    lda score0
    ldy score1
    ldx status
    bne @scores
    ldx mode
    inx
    txa
    ldy #100                ; nothing
@scores:
    ldx #0
    jsr digits
    tya
    ldx #digits1-digits0
    jsr digits

    lda #player
    sta COLUP0
    lda #machine
    sta COLUP1
    lda #%00000010          ; the score has the colours of the players
    sta CTRLPF
    lda #%00010000          ; the centre line is 2 pixels wide
    sta NUSIZ0
@wait:
    sta WSYNC
    lda INTIM
    bpl @wait
    sta WSYNC
    lda #0
    sta VBLANK

; ---------------------------------------------------------------- picture, 192 lines
    ldx #5
@above:
    sta WSYNC
    dex
    bne @above

    ldx #4
@row:
    ldy #3
@score:
    sta WSYNC
    lda digits0,x
    sta PF1
    .sleep 31
    lda digits1,x
    sta PF1
    dey
    bne @score
    dex
    bpl @row
    sta WSYNC
    lda #0
    sta PF1
    lda #%00100000          ; the ball is 4 pixels wide
    sta CTRLPF
    sta WSYNC

    ldy #court
    jsr border
    lda #white
    sta COLUPF
    ldy #lines+1
    lda (shapeBall),y
    dey
@court:
    sta WSYNC
    sta ENABL
    lda (shape0),y
    sta GRP0                ; before the first pixel
    ldx dashes,y
    stx ENAM0
    lda (shape1),y
    sta GRP1
    lda (shapeBall),y       ; of the next line
    dey
    bne @court
    sta WSYNC
    sty ENABL
    sty GRP0
    sty GRP1
    sty ENAM0
    jsr border
    lda #2
    sta VBLANK
    .sleep 30               ; so that the timer ends in the middle of a line
    lda #34
    sta TIM64T

    jsr play
@rest:
    sta WSYNC
    lda INTIM
    bpl @rest
    jmp frame

; Four lines of wall; ends in the line below them, with background Y and Y = 0.
border:
    ldx #wall
    sta WSYNC
    stx COLUPF
    lda #$FF
    sta PF0
    sta PF1
    sta PF2
    sty COLUBK              ; behind the wall
    ldy #4
@line:
    sta WSYNC
    dey
    bne @line
    sty PF0
    sty PF1
    sty PF2
    rts

; Puts object X at pixel A + 3 (bats) or A + 2 (the others); takes effect with HMOVE.
place:
    sta WSYNC
    sec
@coarse:
    sbc #15
    bcs @coarse
    eor #7
    asl
    asl
    asl
    asl
    sta HMP0,x
    sta RESP0,x
    rts

columns:
    .byte bat0-3, bat1-3, 79-2, 0, 0

; Draws number A, 0..99 or more for a blank, into digits0 + X; keeps Y.
digits:
    stx column
    ldx #10                 ; a blank
    cmp #100
    bcs @blank
    cmp #10
    bcc @rows
    ldx #0
@ten:
    inx
    sbc #10
    cmp #10
    bcs @ten
    bcc @rows
@blank:
    lda #10
@rows:
    sta temporary           ; five rows a digit
    asl
    asl
    adc temporary
    sta units
    stx temporary
    txa
    asl
    asl
    adc temporary
    sta tens
    lda #5
    sta temporary
@row:
    ldx tens
    lda font,x
    asl
    asl
    asl
    asl
    ldx units
    ora font,x
    ldx column
    sta digits0,x
    inc tens
    inc units
    inc column
    dec temporary
    bne @row
    rts

font:                       ; three pixels and a gap, last row first
    .byte %1110, %1010, %1010, %1010, %1110
    .byte %0100, %0100, %0100, %0100, %0100
    .byte %1110, %1000, %1110, %0010, %1110
    .byte %1110, %0010, %0110, %0010, %1110
    .byte %0010, %0010, %1110, %1010, %1010
    .byte %1110, %0010, %1110, %1000, %1110
    .byte %1110, %1010, %1110, %1000, %1110
    .byte %0010, %0010, %0010, %0010, %1110
    .byte %1110, %1010, %1110, %1010, %1110
    .byte %1110, %0010, %1110, %1010, %1110
    .byte 0, 0, 0, 0, 0

    .include game.asm

dashes:                     ; eight lines on, eight off
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2
    .byte 0

; Shapes stand between lines of nothing. The line counter runs from lines down to 1 for the bats, and one ahead for the ball.
nothing:
    .fill lines+2
longShape:
    .fill long, $F0
    .fill lines+2
shortShape:
    .fill short, $F0
    .fill lines+2
ballShape:
    .fill ballSize, 2
    .fill lines+2
longBat  = longShape - lines - 1 + long
shortBat = shortShape - lines - 1 + short
ball     = ballShape - lines - 2 + ballSize

    .org $FFFC
    .word start, start
