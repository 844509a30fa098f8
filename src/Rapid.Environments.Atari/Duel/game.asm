; The game itself: runs once a frame, below the picture. Part of duel.asm, which has the names.

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
