import{g as e,h as m}from"./chunk-IVX5MPYK.js";import"./chunk-SOZT5HLH.js";m(e());
