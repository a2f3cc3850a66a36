/**
 * ffmpeg's decoders for the codecs that `media` names, and no other. ffmpeg would open a decoder for every track of a file
 * while it probes, mapped or not, and the obscure ones are where its holes are. Names that a build lacks do no harm.
 */
export const DECODERS: readonly string[] = [
  "h264 hevc av1 libdav1d libaom-av1 vp8 vp9 libvpx libvpx-vp9",
  "mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4 mpegvideo mpeg1video mpeg2video",
  "vc1 wmv1 wmv2 wmv3 theora flv vp6 vp6a vp6f mjpeg",
  "aac aac_latm mp3 mp3float mp2 mp2float ac3 eac3 dca truehd mlp",
  "opus libopus vorbis libvorbis flac alac speex libspeex",
  "wmav1 wmav2 wmapro wmalossless wmavoice",
  "pcm_u8 pcm_s8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be",
  "pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_alaw pcm_mulaw pcm_bluray pcm_dvd",
].flatMap((names) => names.split(" "));
