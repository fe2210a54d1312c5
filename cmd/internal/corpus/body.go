package corpus

import (
	"encoding/binary"
	"math/rand/v2"
)

// bodySide is larger than any image, so that each slice can be cut at another place.
const bodySide = 640

// body is smooth made-up anatomy: an ellipse of tissue with organs in it, values 0 to 1023.
type body []int16

// bodyStock makes a handful of bodies when first asked; a gigabyte of images is cut from them.
type bodyStock struct {
	seed   uint64
	bodies []body
}

func newBodyStock(seed uint64) bodyStock { return bodyStock{seed: seed} }

func (b *bodyStock) pick(r *rand.Rand) body {
	if b.bodies == nil {
		source := stream(b.seed, 0, forStock)
		for range 5 {
			b.bodies = append(b.bodies, newBody(source))
		}
	}
	return pick(r, b.bodies)
}

// ellipse is an organ.
type ellipse struct{ x, y, width, height, density float64 }

func newBody(r *rand.Rand) body {
	organs := []ellipse{{0.5, 0.5, 0.42, 0.34, 420}}
	for range 14 {
		organs = append(organs, ellipse{0.25 + r.Float64()/2, 0.3 + r.Float64()*0.4, 0.03 + r.Float64()*0.12, 0.03 + r.Float64()*0.1, r.Float64()*400 - 160})
	}
	b := make(body, bodySide*bodySide)
	for i := range b {
		b[i] = int16(40 + (i%bodySide+i/bodySide)/40)
	}
	for _, o := range organs {
		o.add(b)
	}
	return b
}

// add visits only the box around the organ.
func (o ellipse) add(b body) {
	for y := int((o.y - o.height) * bodySide); y < int((o.y+o.height)*bodySide); y++ {
		for x := int((o.x - o.width) * bodySide); x < int((o.x+o.width)*bodySide); x++ {
			i := y*bodySide + x
			v := int16(o.density * o.at(float64(x)/bodySide, float64(y)/bodySide))
			b[i] = max(0, min(1023, b[i]+v))
		}
	}
}

// at is 1 inside, 0 outside, with a soft edge.
func (o ellipse) at(x, y float64) float64 {
	dx, dy := (x-o.x)/o.width, (y-o.y)/o.height
	return max(0, min(1, 6*(1-dx*dx-dy*dy)))
}

// noises is a bell curve (four dice) for one byte of randomness, in sixteenths of the modality's noise.
func noises(amplitude int) (table [256]int) {
	for i := range table {
		dice := i&3 + i>>2&3 + i>>4&3 + i>>6&3
		table[i] = (dice-6)*amplitude + i%amplitude
	}
	return table
}

// slice appends side × side pixels: the body, cut and scaled a little differently for each number, plus noise.
// Eight pixels take one draw; this is what makes gigabytes cheap.
func (b body) slice(out []byte, r *rand.Rand, m modality, side, number int) []byte {
	noise := noises(m.noise)
	step := bodySide / side // small images see all of the body, coarser
	room := bodySide - side*step
	left, top := room/2+r.IntN(room/2+1)-room/4, (room/4+number*3+r.IntN(8))%(room+1)
	scale := m.depth * (90 + r.IntN(20)) / 100
	base := 6*m.noise + 8
	for y := range side {
		row := b[(top+y*step)*bodySide+left:][:side*step]
		for x := 0; x+8 <= side; x += 8 {
			word := r.Uint64()
			for k := range 8 {
				v := int(row[(x+k)*step])*scale>>10 + noise[word>>(8*k)&0xff] + base
				out = binary.LittleEndian.AppendUint16(out, uint16(v))
			}
		}
	}
	return out
}
