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

; ---------------------------------------------------------------- game, below the picture
play:
    lsr seed+1
    ror seed
    bcc @even
    lda seed+1
    eor #$B4
    sta seed+1
@even:
    inc clock
    lda sound
    beq @silent
    dec sound
@silent:
    sta AUDV0
    lda #4
    sta AUDC0

    lda SWCHB
    lsr
    bcs @select
    jmp newGame
@select:
    and #1
    cmp lastSelect
    sta lastSelect
    beq @switches
    tax
    bne @switches
    lda mode                ; SELECT went down
    eor #1
    sta mode
    lda #choosing
    sta status
@switches:
    lda #long
    bit SWCHB
    bvc @length
    lda #short
@length:
    sta length0
    lda status
    cmp #playing
    beq movePlayer
    rts

movePlayer:
    lda SWCHA
    asl
    asl
    asl                     ; right, left, and now down in the carry and up in bit 7
    tax
    bcs @up
    lda y0
    adc #2
    sta y0
@up:
    txa
    bmi @limit
    lda y0
    sec
    sbc #2
    bcs @low
    lda #0
@low:
    sta y0
@limit:
    lda #lines
    sec
    sbc length0
    cmp y0
    bcs moveMachine
    sta y0

moveMachine:
    lda clock
    and #7
    bne @go                 ; it looks only at every eighth frame
    lda #home
    bit leftward
    bmi @aimed
    ldx serve
    bne @aimed
    lda ballY
    sec
    sbc #(long-ballSize)/2
    clc
    adc aim
    cmp #208
    bcc @top
    lda #0                  ; was negative
@top:
    cmp #lines-long
    bcc @aimed
    lda #lines-long
@aimed:
    sta target
@go:
    ldx mode
    lda y1
    sec
    sbc target
    beq moveBall
    bcs @upward
    cmp #-1 & $FF
    beq moveBall
    lda y1Fraction
    adc pace,x              ; no carry here
    sta y1Fraction
    lda y1
    adc paceHigh,x
    sta y1
    bne moveBall
@upward:
    cmp #2
    bcc moveBall
    lda y1Fraction
    sbc pace,x
    sta y1Fraction
    lda y1
    sbc paceHigh,x
    sta y1

moveBall:
    lda serve
    beq fly
    dec serve
    lda server
    bne @machine
    lda #front0
    sta ballX
    lda length0
    lsr
    sec
    sbc #2
    clc
    adc y0
    sta ballY
    lda INPT4
    bpl launch
    lda serve
    beq launch
    rts
@machine:
    lda #front1
    sta ballX
    lda y1
    clc
    adc #(long-ballSize)/2
    sta ballY
    lda serve
    beq launch
    rts

launch:
    lda #0
    sta serve
    sta ballXFraction
    sta ballYFraction
    sta fallHigh
    lda seed
    sta fall                ; up to half a line a frame, up or down
    bpl @down
    dec fallHigh
@down:
    lda #$40
    sta speed
    lda #1
    sta speedHigh
    lda server
    beq @right
    lda #$80
@right:
    sta leftward
    jmp aimAnew

fly:
    bit leftward
    bmi @left
    lda ballXFraction
    clc
    adc speed
    sta ballXFraction
    lda ballX
    adc speedHigh
    sta ballX
    bne @vertical
@left:
    lda ballXFraction
    sec
    sbc speed
    sta ballXFraction
    lda ballX
    sbc speedHigh
    sta ballX
@vertical:
    lda ballYFraction
    clc
    adc fall
    sta ballYFraction
    lda ballY
    adc fallHigh
    sta ballY
    cmp #lines-ballSize+1
    bcc @bats
    cmp #208                ; above the top it is negative
    lda #0
    bcs @bounce
    lda #lines-ballSize
@bounce:
    sta ballY
    sec
    lda #0
    sbc fall
    sta fall
    lda #0
    sbc fallHigh
    sta fallHigh
    ldx #20
    jsr beep
@bats:
    lda ballX
    bit leftward
    bpl @right
    cmp #bat0-8
    bcc machineScores
    cmp #front0+1
    bcs @done
    cmp #front0-7           ; the ball is past the bat
    bcc @done
    lda y0
    ldx length0
    jsr hit
    bcc @done
    lda #front0
    sta ballX
@done:
    rts
@right:
    cmp #bat1+10
    bcs playerScores
    cmp #front1
    bcc @done
    cmp #front1+8
    bcs @done
    lda y1
    ldx #long
    jsr hit
    bcc @done
    lda #front1
    sta ballX
    rts

machineScores:
    lda #0
    sta server
    inc score1
    lda score1
    cmp #points/3
    beq @life
    cmp #points/3*2
    beq @life
    cmp #points
    bne startServe
@life:
    dec lives
    cmp #points
    bne startServe
    beq finish
playerScores:
    lda #1
    sta server
    inc score0
    lda score0
    cmp #points
    bne startServe
finish:
    lda #over
    sta status
    rts

newGame:
    lda #playing
    sta status
    lda #0
    sta score0
    sta score1
    sta server
    lda #3
    sta lives
    lda #home
    sta y0
    sta y1
    sta target
startServe:
    lda #front0
    ldx #120
    ldy server
    beq @set
    lda #front1
    ldx #40
@set:
    sta ballX
    stx serve
    lda #home+(long-ballSize)/2
    sta ballY
    ldx #30
beep:                       ; pitch X
    stx AUDF0
    lda #6
    sta sound
    rts

; The ball meets a bat with its top at A and X lines. Carry: it was hit, and flies back.
hit:
    sta temporary
    lda ballY
    clc
    adc #ballSize-1
    sec
    sbc temporary
    bcc @missed
    sta fall                ; 0 .. X + ballSize - 2
    txa
    clc
    adc #ballSize-1
    sta temporary
    lda fall
    cmp temporary
    bcs @missed
    lsr temporary           ; the middle
    sec
    sbc temporary
    asl                     ; 24/256 lines a frame for every line from the middle
    asl
    asl
    sta fall
    ldx #0
    cmp #0
    bpl @sign
    dex
@sign:
    stx fallHigh
    asl
    tay
    txa
    rol
    tax
    tya
    clc
    adc fall
    sta fall
    txa
    adc fallHigh
    sta fallHigh
    lda speedHigh
    cmp #3
    beq @fast
    lda speed
    clc
    adc #24
    sta speed
    bcc @fast
    inc speedHigh
@fast:
    lda leftward
    eor #$80
    sta leftward
    ldx #12
    jsr beep
    jsr aimAnew
    sec
    rts
@missed:
    clc
    rts

aimAnew:                    ; -8..7 lines
    lda seed
    and #15
    sec
    sbc #8
    sta aim
    rts

pace:                       ; of the machine's bat in the two modes, 1/256 lines a frame
    .byte $C0, $F8
paceHigh:
    .byte 0, 0

dashes:                     ; eight lines on, eight off
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
    .fill 8, 0
    .fill 8, 2
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
