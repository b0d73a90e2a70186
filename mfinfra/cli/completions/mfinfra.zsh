#compdef mfinfra
# Completion of mfinfra for zsh. In ~/.zshrc, after compinit:
#   eval "$(mfinfra completion zsh)"
_mfinfra() {
  local -a found
  found=(${(f)"$(_MFINFRA_COMPLETE=zsh ${(Q)words[1]} "${(@Q)words[2,CURRENT]}" 2>/dev/null)"})
  if (( ${#found} )); then
    _describe mfinfra found
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _mfinfra ]]; then
  _mfinfra "$@"
else
  compdef _mfinfra mfinfra
fi
