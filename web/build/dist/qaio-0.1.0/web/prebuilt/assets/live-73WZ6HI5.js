import{a as e}from"./chunk-IUNON7Y6.js";import"./chunk-SOZT5HLH.js";function f(){return e("h1",{children:"live"})}export{f as default};
